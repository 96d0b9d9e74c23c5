import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { InspectTask } from './inspect-worker.ts';
import type { Inspection, TextQuery } from './inspection.ts';

export interface InspectionLimits {
  /** The largest file that is inspected, and the largest sum of the files that a request holds in memory. */
  readonly maxBytes: number;
  /** How long a thread may work on a file. */
  readonly maxWorkMs: number;
  /** How many files are inspected at the same time. */
  readonly threads: number;
}

/**
 * A file could not be inspected: it needs more time or memory than a thread has, or has more pages or objects than the gateway
 * reads. A file that ends its thread in another way counts as well.
 */
export class UninspectableError extends Error {
  override readonly name = 'UninspectableError';
}

const MEBIBYTE = 1024 * 1024;
/** Of the objects of a thread, without buffers. */
const MAX_HEAP_BYTES = 256 * MEBIBYTE;
/**
 * The limit of V8 for the same objects. V8 ends a thread at its limit, but the whole process if a single allocation exceeds it, so
 * it is far above the limit that `Work` checks.
 */
const HARD_HEAP_MB = 1_024;
/** Of the buffers of a thread, such as unpacked streams. V8 has no limit for them. */
const MAX_BUFFER_BYTES = 256 * MEBIBYTE;
const CHECK_MS = 25;
/** A thread with more objects than this before a file may be full for it. A new thread has 20 MiB. */
const KEPT_OBJECTS_KIB = 64 * 1024;
/** The stack of a main thread, so that nested objects overflow it as in the service. */
const STACK_MB = 1.15;

/**
 * Inspects PDFs in worker threads. A file is hostile input: a thread that exceeds its memory, its stack or its time is ended, and
 * a new one takes its place.
 */
export class Inspector {
  readonly limits: InspectionLimits;
  #pool: Promise<Piscina> | undefined;
  #isClosed = false;
  /** In order of arrival. */
  readonly #running = new Set<Work>();

  constructor(limits: InspectionLimits) {
    this.limits = limits;
  }

  /** How long the first file has been waiting for a thread, in milliseconds; 0 if none waits. */
  get oldestMs(): number {
    const first = this.#running.values().find(({ isWaiting }) => isWaiting);
    return first === undefined ? 0 : performance.now() - first.handedOverAt;
  }

  /**
   * Reads a PDF and looks for texts. The limit of time counts from the moment at which a thread begins.
   * @param pdf the pieces of the file, which are copied
   * @throws {UninspectableError} @throws the reason of the signal
   */
  async inspect(
    pdf: readonly Uint8Array[],
    texts: readonly TextQuery[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Inspection> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new UninspectableError('the inspector is closed');
    const pool = await (this.#pool ??= startThreads(this.limits));
    const work = new Work(pool, this.limits.maxWorkMs);
    this.#running.add(work);
    try {
      return await this.#run(pool, work, { pdf, texts }, signal).catch(async (cause: unknown) => {
        signal?.throwIfAborted();
        if (!work.mayRestart()) throw cause;
        return await this.#run(pool, work, { pdf, texts }, signal);
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new UninspectableError(undefined, { cause });
    } finally {
      this.#running.delete(work);
      work.end();
    }
  }

  async #run(
    pool: Piscina,
    { thread, exceeded }: Work,
    { pdf, texts }: Pick<InspectTask, 'pdf' | 'texts'>,
    signal: AbortSignal | undefined,
  ): Promise<Inspection> {
    const task: InspectTask = { pdf: pdf.map(compact), texts, thread };
    return await pool.run(task, {
      signal: signal === undefined ? exceeded : AbortSignal.any([signal, exceeded]),
    });
  }

  /** Ends the threads, also while they work. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#pool)?.destroy();
  }
}

/** The work of a thread on a file. */
class Work {
  /** The id of the thread once it has begun, and the KiB of objects that it had before the file. */
  readonly thread = new Int32Array(new SharedArrayBuffer(8));
  readonly handedOverAt = performance.now();
  readonly #pool: Piscina;
  readonly #maxWorkMs: number;
  readonly #checks = setInterval(() => void this.#check(), CHECK_MS);
  #exceeded = new AbortController();
  #begunAt: number | undefined;
  #isRestarted = false;

  constructor(pool: Piscina, maxWorkMs: number) {
    this.#pool = pool;
    this.#maxWorkMs = maxWorkMs;
  }

  /** Aborted when the work exceeds its time or its memory, which ends the thread. */
  get exceeded(): AbortSignal {
    return this.#exceeded.signal;
  }

  get isWaiting(): boolean {
    return Atomics.load(this.thread, 0) === 0;
  }

  /**
   * Whether the file may fit into a new thread, once, within the same time: the PDF library keeps the names and the numbers of
   * all objects that a thread has read.
   */
  mayRestart(): boolean {
    const hadObjects = Atomics.load(this.thread, 1) > KEPT_OBJECTS_KIB;
    if (this.#isRestarted || !hadObjects || this.#isLate()) return false;
    this.#isRestarted = true;
    this.#exceeded = new AbortController();
    Atomics.store(this.thread, 0, 0);
    return true;
  }

  #isLate(): boolean {
    return this.#begunAt !== undefined && performance.now() - this.#begunAt > this.#maxWorkMs;
  }

  async #check(): Promise<void> {
    if (this.isWaiting) return;
    this.#begunAt ??= performance.now();
    const exceeded = this.#exceeded;
    if (this.#isLate()) exceeded.abort();
    const id = Atomics.load(this.thread, 0);
    const thread = this.#pool.threads.find(({ threadId }) => threadId === id);
    // It rejects once the thread has ended.
    const statistics = await thread?.getHeapStatistics().catch(() => undefined);
    if (statistics === undefined) return;
    const { external_memory: buffers, used_heap_size: objects } = statistics;
    if (buffers > MAX_BUFFER_BYTES || objects > MAX_HEAP_BYTES) exceeded.abort();
  }

  end(): void {
    clearInterval(this.#checks);
  }
}

/**
 * A piece without the rest of its buffer, if that is larger: a message to a thread has a copy of the whole buffer. Other pieces are
 * copied only when a thread is free.
 */
const compact = (piece: Uint8Array): Uint8Array =>
  piece.byteLength < piece.buffer.byteLength / 2 ? new Uint8Array(piece) : piece;

async function startThreads({ threads }: InspectionLimits): Promise<Piscina> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    // In the source and in the build, the worker is beside this file and has the same extension.
    filename: fileURLToPath(import.meta.url).replace(/inspector(?=\.[jt]s$)/, 'inspect-worker'),
    name: 'inspect',
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: 60_000,
    // The thread that serves requests comes first.
    niceIncrement: 5,
    // An empty environment: a thread needs none of the secrets of the gateway.
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HARD_HEAP_MB, stackSizeMb: STACK_MB },
  });
  // If a thread ends while it works, the work fails and the next work starts a new thread.
  return pool.on('error', () => undefined);
}
