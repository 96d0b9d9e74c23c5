import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { SignatureField } from '../decoding/document-metadata.ts';
import type { Numbered, SignTask } from './pdf-worker.ts';
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
const MEBIBYTE = 1024 * 1024;
/** Of the objects of a thread, and of its buffers, such as the file and its unpacked streams. */
const MAX_MEMORY_BYTES = 512 * MEBIBYTE;
/**
 * The limit of V8 for the objects. V8 ends a thread at its limit, but the whole process if a single allocation exceeds it, so it is
 * far above the limit that is checked.
 */
const HARD_HEAP_MB = 2_048;
const CHECK_MS = 25;
/** Gives threads the stack size of a main thread, so that nested objects overflow it as in the service. */
const STACK_MB = 1.15;

/** Processes uploaded PDFs in worker threads, so that they do not block the sandbox. Threads start with the first file. */
export class PdfThreads {
  readonly #maxWorkMs: number;
  readonly #maxMemoryBytes: number;
  #started: Promise<Piscina> | undefined;
  #closed = false;

  constructor({ maxWorkMs = MAX_WORK_MS, maxMemoryBytes = MAX_MEMORY_BYTES } = {}) {
    this.#maxWorkMs = maxWorkMs;
    this.#maxMemoryBytes = maxMemoryBytes;
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
  async #run(name: string, task: Uint8Array | SignTask): Promise<unknown> {
    if (this.#closed) throw new PdfUnfinishedError();
    this.#started ??= startThreads();
    const threads = await this.#started;
    const thread = new Int32Array(new SharedArrayBuffer(4));
    const exceeded = new AbortController();
    const timer = setTimeout(() => exceeded.abort(), this.#maxWorkMs);
    const checks = setInterval(() => {
      void memoryOf(threads, Atomics.load(thread, 0)).then(
        (bytes) => bytes > this.#maxMemoryBytes && exceeded.abort(),
      );
    }, CHECK_MS);
    try {
      const numbered: Numbered<typeof task> = { task, thread };
      return await threads.run(numbered, { name, signal: exceeded.signal });
    } catch (error) {
      const isUnfinished = this.#closed || exceeded.signal.aborted || isOutOfMemory(error);
      throw isUnfinished ? new PdfUnfinishedError(undefined, { cause: error }) : error;
    } finally {
      clearTimeout(timer);
      clearInterval(checks);
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
    resourceLimits: { maxOldGenerationSizeMb: HARD_HEAP_MB, stackSizeMb: STACK_MB },
  });
  // If a thread ends while it works, the work fails. The next work starts a new thread.
  return threads.on('error', () => undefined);
}

/** The larger part of the memory of a thread: its objects or its buffers. 0 if it has not begun, or has ended. */
async function memoryOf({ threads }: Piscina, id: number): Promise<number> {
  const thread = threads.find(({ threadId }) => threadId === id);
  // It rejects once the thread has ended.
  const statistics = await thread?.getHeapStatistics().catch(() => undefined);
  return Math.max(statistics?.used_heap_size ?? 0, statistics?.external_memory ?? 0);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
