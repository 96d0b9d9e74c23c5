import type { SignatureField } from '../decoding/document-metadata.ts';
import { readPdf } from './read-pdf.ts';
import type { PdfContents } from './read-pdf.ts';
import { signedPdf } from './signed-pdf.ts';

/* Runs in the threads of `pdf-threads.ts`. Its imports are few, as each thread loads them anew. */

// pdf-lib warns of each object that it cannot read, and a bad file has thousands of them.
console.warn = () => undefined;

export interface SignTask {
  readonly bytes: Uint8Array;
  readonly fields: readonly SignatureField[];
  readonly now: number;
}

export function read(bytes: Uint8Array): Promise<PdfContents> {
  return readPdf(bytes);
}

export function sign({ bytes, fields, now }: SignTask): Promise<Uint8Array> {
  // Of a Buffer, its bytes alone cross threads.
  return signedPdf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), fields, now);
}
