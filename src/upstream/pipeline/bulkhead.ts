import type { Queues } from '../../observability/queues.ts';
import type { CallFacts, CallOptions, Stage } from '../call.ts';
import { UpstreamError } from '../failure.ts';
import { FairQueue } from '../rate-limit/fair-queue.ts';
import { kindOfAbort } from './deadline.ts';

export interface BulkheadRequest {
  readonly caller: string;
  readonly signal: AbortSignal | undefined;
}

/** The queue of the bulkhead is full. */
export class BulkheadFullError extends Error {
  override readonly name = 'BulkheadFullError';
}

/** Limits how many calls run at once. Others queue, callers round-robin. So slow calls do not fill the next stages. */
export class Bulkhead {
  readonly #maxWaiting: number;
  readonly #waiting = new FairQueue<() => void>();
  #free: number;

  constructor({ slots, maxWaiting }: { readonly slots: number; readonly maxWaiting: number }) {
    this.#free = slots;
    this.#maxWaiting = maxWaiting;
  }

  /** How long the oldest call has waited, in milliseconds; 0 when no call waits. */
  get oldestMs(): number {
    return this.#waiting.oldestMs;
  }

  /** @throws {BulkheadFullError} @throws the reason of the signal when it aborts first. */
  async acquire({ caller, signal }: BulkheadRequest): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(caller, signal);
    return { [Symbol.dispose]: () => this.#release() };
  }

  async #wait(caller: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) throw new BulkheadFullError('too many calls wait');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      if (this.#waiting.delete(caller, resolve)) reject(signal?.reason);
    };
    this.#waiting.add(caller, resolve);
    signal?.addEventListener('abort', leave);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  #release(): void {
    const next = this.#waiting.take();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** Share of the connections to the service. The rest stays free for queries, even if files arrive slowly. */
const UPLOADS_SHARE = 1 / 5;
const WAITING_PER_SLOT = 4;
const RETRY_AFTER_SECONDS = 10;

/**
 * Keeps calls that stream a file from taking every connection: each holds one for as long as its client takes to send the
 * file. (Uploads to the storage have connections of their own.) A wait here is not the fault of the service.
 */
export function withUploadBulkhead({
  connections,
  queues,
}: {
  readonly connections: number;
  readonly queues: Queues;
}): Stage {
  const slots = Math.max(1, Math.floor(connections * UPLOADS_SHARE));
  const bulkhead = new Bulkhead({ slots, maxWaiting: slots * WAITING_PER_SLOT });
  queues.add('upload-bulkhead', () => bulkhead.oldestMs);

  return (next) => (call, options) => {
    if (call.effect !== 'stream') return next(call, options);
    return inBulkhead(bulkhead, call, options, () => next(call, options));
  };
}

async function inBulkhead<Model>(
  bulkhead: Bulkhead,
  { operation }: CallFacts,
  { caller = '', signal, deadline }: CallOptions,
  make: () => Promise<Model>,
): Promise<Model> {
  const acquiring = acquire(bulkhead, operation, caller, signal);
  using _slot = await (deadline === undefined ? acquiring : deadline.stoppedFor(acquiring));
  return await make();
}

async function acquire(
  bulkhead: Bulkhead,
  operation: string,
  caller: string,
  signal: AbortSignal | undefined,
): Promise<Disposable> {
  try {
    return await bulkhead.acquire({ caller, signal });
  } catch (cause) {
    if (cause instanceof BulkheadFullError) {
      const retryAfterSeconds = RETRY_AFTER_SECONDS;
      throw new UpstreamError({ operation, kind: 'over-budget', retryAfterSeconds, cause });
    }
    throw new UpstreamError({ operation, kind: kindOfAbort(cause), cause });
  }
}
