import { expect, test } from 'vitest';
import { FileUpload } from '../../../src/uploads/file-upload.ts';
import { readPdf } from '../../../src/uploads/read-upload.ts';
import { freedChunks } from '../../support/freed-chunks.ts';

test('the start of a PDF is read whole from chunks that are shorter than it', async () => {
  const upload = new FileUpload(() => freedChunks(['%P', 'DF', '-1.7 one', ' two', ' three']));
  let text = '';
  for await (const chunk of readPdf(upload, { maxBytes: 100 })) text += chunk.toString();
  expect(text).toBe('%PDF-1.7 one two three');
});
