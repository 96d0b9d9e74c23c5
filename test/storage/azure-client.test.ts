import { createHash } from 'node:crypto';
import { BlockBlobClient } from '@azure/storage-blob';
import { describe, expect, test } from 'vitest';
import { freshUpload } from '../sandbox/support-storage.ts';
import { makePdf } from '../support/pdf.ts';

const MIB = 1_024 * 1_024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('the client of Azure Blob Storage', () => {
  test('uploads a small file in one piece', async () => {
    const { sandbox, issuer, request, url, clock } = await freshUpload();
    const file = await makePdf();
    await new BlockBlobClient(url).uploadData(file, {
      blobHTTPHeaders: { blobContentType: 'application/pdf' },
    });
    expect(sandbox.storedBlobs()).toMatchObject([{ size: file.length, sha256: sha256(file) }]);
    await clock.advance(5_000);
    await issuer.until(request.id, ({ documents: [doc] }) => doc?.status === 'READY');
  });

  // Conforms (Storage, manual): Azure's own client uploads, in one piece and in blocks.
  test('uploads in blocks, in any order', async () => {
    const { sandbox, url } = await freshUpload();
    const file = await makePdf({ padToBytes: 9 * MIB + 1 });
    await new BlockBlobClient(url).uploadData(file, {
      maxSingleShotSize: MIB,
      blockSize: 2 * MIB,
      concurrency: 3,
    });
    expect(sandbox.storedBlobs()).toMatchObject([{ size: file.length, sha256: sha256(file) }]);
    expect(sandbox.journal.entries({ operationId: 'putBlock', ended: 'answered' })).toHaveLength(5);
  });

  test('stages and commits blocks, and reports an error', async () => {
    const { url } = await freshUpload();
    const client = new BlockBlobClient(url);
    await client.stageBlock('YjE=', 'one', 3);
    await client.commitBlockList(['YjE=']);
    expect((await client.downloadToBuffer()).toString()).toBe('one');
    await expect(client.commitBlockList(['YjI='])).rejects.toMatchObject({
      statusCode: 400,
      code: 'InvalidBlockList',
    });
    await expect(client.delete()).rejects.toMatchObject({ code: 'AuthorizationPermissionMismatch' });
  });
});
