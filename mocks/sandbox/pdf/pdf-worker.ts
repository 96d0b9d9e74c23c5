import { threadId } from 'node:worker_threads';
import type { SignatureField } from '../decoding/document-metadata.ts';
import { readPdf } from './read-pdf.ts';
import type { PdfContents } from './read-pdf.ts';
import { signedPdf } from './signed-pdf.ts';

/* Runs in the threads of `pdf-threads.ts`. It has few imports, because each thread loads them again. */

// pdf-lib warns about each unreadable object, and a damaged file can have thousands.
console.warn = () => undefined;

/** A task, and the id of the thread that works on it, which is set when it begins. */
export interface Numbered<Task> {
  readonly task: Task;
  readonly thread: Int32Array<SharedArrayBuffer>;
}

export interface SignTask {
  readonly bytes: Uint8Array;
  readonly fields: readonly SignatureField[];
  readonly now: number;
}

export function read({ task, thread }: Numbered<Uint8Array>): Promise<PdfContents> {
  Atomics.store(thread, 0, threadId);
  return readPdf(task);
}

export function sign({ task: { bytes, fields, now }, thread }: Numbered<SignTask>): Promise<Uint8Array> {
  Atomics.store(thread, 0, threadId);
  // A Buffer arrives in another thread as a Uint8Array.
  return signedPdf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), fields, now);
}
