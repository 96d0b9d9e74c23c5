import type { SignatureField } from '../decoding/document-metadata.ts';
import { readPdf } from './read-pdf.ts';
import type { PdfContents } from './read-pdf.ts';
import { signedPdf } from './signed-pdf.ts';

/* Runs in the threads of `pdf-threads.ts`. It has few imports, because each thread loads them again. */

// pdf-lib warns about each unreadable object, and a damaged file can have thousands.
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
  // A Buffer arrives in another thread as a Uint8Array.
  return signedPdf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), fields, now);
}
