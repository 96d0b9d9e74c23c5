import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { SignatureField } from '../decoding/document-metadata.ts';
import type { SignTask } from './pdf-worker.ts';
import { verdictOn } from './pdf.ts';
import type { PdfVerdict } from './pdf.ts';
import type { PdfContents } from './read-pdf.ts';

/** Work on files of callers, done in threads of their own so that none of it holds up the sandbox. */
export interface PdfThreads {
  /** @throws PdfUnfinishedError */
  verdictOn(bytes: Uint8Array, fields: readonly SignatureField[]): Promise<PdfVerdict>;
  /** The file with the marks of a signature, or as it was when that takes too long. */
  signed(file: Buffer, fields: readonly SignatureField[], now: number): Promise<Buffer>;
  /** Ends the threads, whatever they are doing. */
  close(): Promise<void>;
}

/** The work took longer than the service has, or all the memory there is, or the sandbox was closed. */
export class PdfUnfinishedError extends Error {
  override readonly name = 'PdfUnfinishedError';
}

/** Azure's load balancer ends a call that is not answered after this time. */
const MAX_WORK_MS = 230_000;
const MAX_THREADS = 4;
/** What leaves a thread the stack of a main thread, so that nested objects overflow it here where they do in the service. */
const STACK_MB = 1.15;

/** Starts no thread before there is a file. */
export function createPdfThreads({ maxWorkMs = MAX_WORK_MS } = {}): PdfThreads {
  let closed = false;
  let started: Promise<Piscina> | undefined;

  async function run(name: 'read', task: Uint8Array): Promise<PdfContents>;
  async function run(name: 'sign', task: SignTask): Promise<Uint8Array>;
  async function run(name: string, task: unknown): Promise<unknown> {
    if (closed) throw new PdfUnfinishedError();
    started ??= startThreads();
    const threads = await started;
    const overdue = new AbortController();
    const timer = setTimeout(() => overdue.abort(), maxWorkMs);
    try {
      return await threads.run(task, { name, signal: overdue.signal });
    } catch (error) {
      const isUnfinished = closed || overdue.signal.aborted || isOutOfMemory(error);
      throw isUnfinished ? new PdfUnfinishedError(undefined, { cause: error }) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    verdictOn: async (bytes, fields) => verdictOn(bytes, await run('read', bytes), fields),
    async signed(file, fields, now) {
      try {
        const { buffer, byteOffset, byteLength } = await run('sign', { bytes: file, fields, now });
        return Buffer.from(buffer, byteOffset, byteLength);
      } catch (error) {
        if (error instanceof PdfUnfinishedError) return file;
        throw error;
      }
    },
    async close() {
      closed = true;
      await (await started)?.destroy();
    },
  };
}

async function startThreads(): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  const threads = new Piscina({
    // Source or build: the file beside this one, with the same ending.
    filename: fileURLToPath(import.meta.url).replace(/pdf-threads(?=\.[jt]s$)/, 'pdf-worker'),
    name: 'read',
    minThreads: 1,
    maxThreads: MAX_THREADS,
    idleTimeout: 5_000,
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  // A thread that ends without work is replaced by the next one; with work, the work fails.
  return threads.on('error', () => undefined);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
