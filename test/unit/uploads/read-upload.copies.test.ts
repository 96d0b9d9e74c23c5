import { expect, test } from 'vitest';
import { freeChunk } from '../../../src/uploads/body-watch.ts';
import { copiesOf, readPdf } from '../../../src/uploads/read-upload.ts';
import { FileUpload } from '../../../src/uploads/file-upload.ts';

const PIECES = ['%P', 'DF', '-1.7 one', ' two', ' three'];

/** Chunks as those of a request: each is freed when the next one is requested. */
async function* received(): AsyncGenerator<Buffer, void, void> {
  for (const text of PIECES) {
    const chunk = Buffer.from(new TextEncoder().encode(text).slice().buffer);
    yield chunk;
    freeChunk(chunk);
  }
}

test('the start of a PDF is read whole from chunks that are shorter than it', async () => {
  let text = '';
  for await (const chunk of readPdf(new FileUpload(received), { maxBytes: 100 })) text += chunk.toString();
  expect(text).toBe('%PDF-1.7 one two three');
});

test('copies stay valid when the next chunk is requested, which the chunks do not', async () => {
  const chunks = await Array.fromAsync(received());
  expect(chunks.map(({ length }) => length)).toEqual(PIECES.map(() => 0));
  expect(Buffer.concat(await Array.fromAsync(copiesOf(received()))).toString()).toBe(PIECES.join(''));
});
