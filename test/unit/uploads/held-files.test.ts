import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockPool } from '../../../src/uploads/block-pool.ts';
import { HeldFiles } from '../../../src/uploads/held-files.ts';

async function* piecesOf(file: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
}

test('holds files of any sizes, one after the other, and returns every block', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 50 }),
      async (given, chunk) => {
        const pool = new BlockPool({ blocks: 20, blockBytes: 16 });
        const files = given.map((bytes) => Buffer.from(bytes));
        {
          using held = new HeldFiles({ pool, maxBytes: 160, extraBlocks: 1 });
          for (const file of files) {
            const { pieces, sizeBytes, sha256, upload } = await held.hold(piecesOf(file, chunk));
            expect(Buffer.concat(pieces)).toEqual(file);
            expect(sizeBytes).toBe(file.length);
            expect(sha256).toBe(createHash('sha256').update(file).digest('hex'));
            for (let times = 0; times < 2; times += 1)
              expect(Buffer.concat(await Array.fromAsync(upload.read()))).toEqual(file);
          }
          expect(held.extra.tryAcquire()).toBeDefined();
        }
        expect(pool.waiting).toBe(0);
      },
    ),
  );
});

test('reserves the blocks that the length of the request needs, and the extra ones', async () => {
  const pool = new BlockPool({ blocks: 10, blockBytes: 16 });
  {
    using held = new HeldFiles({ pool, maxBytes: 100, extraBlocks: 1 });
    await held.hold(piecesOf(Buffer.alloc(20), 5), 33);
    expect(pool.inUse).toBe(4);
  }
  expect(pool.inUse).toBe(0);
});

test('refuses files that exceed the limit together, and returns the blocks', async () => {
  const pool = new BlockPool({ blocks: 10, blockBytes: 16 });
  {
    using held = new HeldFiles({ pool, maxBytes: 100 });
    await held.hold(piecesOf(Buffer.alloc(60), 7));
    await expect(held.hold(piecesOf(Buffer.alloc(60), 7))).rejects.toMatchObject({
      kind: 'too-large',
      limitBytes: 100,
    });
  }
  expect(pool.inUse).toBe(0);
});
