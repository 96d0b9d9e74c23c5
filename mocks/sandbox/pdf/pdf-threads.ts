import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { SignatureField } from '../decoding/document-metadata.ts';
import type { SignTask } from './pdf-worker.ts';
import { verdictOn } from './pdf.ts';
import type { PdfVerdict } from './pdf.ts';
import type { PdfContents } from './read-pdf.ts';

/** The work exceeded the time limit of the service or the memory limit, or the sandbox was closed. */
export class PdfUnfinishedError extends Error {
  override readonly name = 'PdfUnfinishedError';
}

/** Azure's load balancer aborts a call without a response after this time. */
const MAX_WORK_MS = 230_000;
const MAX_THREADS = 4;
/** Gives threads the stack size of a main thread, so that nested objects overflow it as in the service. */
const STACK_MB = 1.15;

/** Processes uploaded PDFs in worker threads, so that they do not block the sandbox. Threads start with the first file. */
export class PdfThreads {
  readonly #maxWorkMs: number;
  #started: Promise<Piscina> | undefined;
  #closed = false;

  constructor({ maxWorkMs = MAX_WORK_MS } = {}) {
    this.#maxWorkMs = maxWorkMs;
  }

  /** @throws PdfUnfinishedError */
  async verdictOn(bytes: Uint8Array, fields: readonly SignatureField[]): Promise<PdfVerdict> {
    return verdictOn(bytes, await this.#run('read', bytes), fields);
  }

  /** The file with signature marks, or unchanged if that takes too long. */
  async signed(file: Buffer, fields: readonly SignatureField[], now: number): Promise<Buffer> {
    try {
      const { buffer, byteOffset, byteLength } = await this.#run('sign', { bytes: file, fields, now });
      return Buffer.from(buffer, byteOffset, byteLength);
    } catch (error) {
      if (error instanceof PdfUnfinishedError) return file;
      throw error;
    }
  }

  /** Terminates the threads, also while they work. */
  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#started)?.destroy();
  }

  async #run(name: 'read', task: Uint8Array): Promise<PdfContents>;
  async #run(name: 'sign', task: SignTask): Promise<Uint8Array>;
  async #run(name: string, task: unknown): Promise<unknown> {
    if (this.#closed) throw new PdfUnfinishedError();
    this.#started ??= startThreads();
    const threads = await this.#started;
    const overdue = new AbortController();
    const timer = setTimeout(() => overdue.abort(), this.#maxWorkMs);
    try {
      return await threads.run(task, { name, signal: overdue.signal });
    } catch (error) {
      const isUnfinished = this.#closed || overdue.signal.aborted || isOutOfMemory(error);
      throw isUnfinished ? new PdfUnfinishedError(undefined, { cause: error }) : error;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function startThreads(): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  const threads = new Piscina({
    // In the source and in the build, the worker is beside this file and has the same extension.
    filename: fileURLToPath(import.meta.url).replace(/pdf-threads(?=\.[jt]s$)/, 'pdf-worker'),
    name: 'read',
    minThreads: 1,
    maxThreads: MAX_THREADS,
    idleTimeout: 5_000,
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  // If a thread ends while it works, the work fails. The next work starts a new thread.
  return threads.on('error', () => undefined);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
