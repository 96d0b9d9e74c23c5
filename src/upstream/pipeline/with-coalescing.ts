import type { GatewayEvents } from '../../observability/events.ts';
import type { CallOptions, Stage } from '../call.ts';
import type { ApiRequest } from '../client.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import { kindOfAbort } from './deadline.ts';

/** A call in flight that several readers share. */
interface SharedCall {
  readonly result: Promise<unknown>;
  readers: number;
  /** Aborts the call when no reader is left. */
  readonly abandon: (reason: unknown) => void;
}

type Make = (options: CallOptions) => Promise<unknown>;

/**
 * The reads in flight of one key. Identical reads of one caller share one call; callers and keys share nothing. A reader
 * that aborts does so for itself only, and the call ends with its last reader.
 */
export class ReadCoalescer {
  readonly #events: GatewayEvents;
  readonly #inFlight = new Map<string, SharedCall>();

  constructor({ events }: { readonly events: GatewayEvents }) {
    this.#events = events;
  }

  async read(call: ApiRequest, options: CallOptions, make: Make): Promise<unknown> {
    const { caller, priority } = options;
    const key = JSON.stringify([caller, priority, call.path, call.query]);
    const shared = this.#inFlight.get(key);
    if (shared === undefined) return await join(this.#start(key, options, make), call, options);
    this.#events.emit('coalescedRead', { operation: call.operation });
    // A copy, because each caller may change its model.
    return structuredClone(await join(shared, call, options));
  }

  /** Later reads join no call that started before now. */
  invalidate(): void {
    this.#inFlight.clear();
  }

  #start(key: string, options: CallOptions, make: Make): SharedCall {
    const controller = new AbortController();
    let hasEnded = false;
    const forget = (): void => {
      if (this.#inFlight.get(key) === shared) this.#inFlight.delete(key);
    };
    const result = make({ ...options, signal: controller.signal }).finally(() => {
      hasEnded = true;
      forget();
    });
    const abandon = (reason: unknown): void => {
      if (hasEnded) return;
      forget(); // before the abort, so that no reader joins it
      controller.abort(reason);
    };
    const shared: SharedCall = { result, readers: 0, abandon };
    this.#inFlight.set(key, shared);
    return shared;
  }
}

/** Identical reads of one caller at the same time share one call (single-flight). */
export function withCoalescing(coalescer: ReadCoalescer): Stage<ApiRequest> {
  const invalidating = withInvalidation(coalescer);
  return async <Model>(
    call: ApiRequest,
    options: CallOptions,
    next: (given: CallOptions) => Promise<Model>,
  ) => {
    if (call.mayCoalesce !== true || options.caller === undefined)
      return await invalidating(call, options, next);
    // Reads with one key have one operation, and so one decoder.
    return (await coalescer.read(call, options, next)) as Model;
  };
}

/** A write may change what the reads in flight show, even if it fails. */
export function withInvalidation(coalescer: ReadCoalescer): Stage {
  return async (call, options, next) => {
    try {
      return await next(options);
    } finally {
      if (call.effect === 'write') coalescer.invalidate();
    }
  };
}

/** Waits for the result until `signal` is aborted. */
async function join(
  shared: SharedCall,
  { operation }: ApiRequest,
  { signal }: CallOptions,
): Promise<unknown> {
  const left = Promise.withResolvers<never>();
  const leave = (): void =>
    left.reject(new UpstreamError({ operation, kind: kindOfAbort(signal?.reason), cause: signal?.reason }));
  shared.readers += 1;
  signal?.addEventListener('abort', leave);
  if (signal?.aborted === true) leave();
  try {
    return await Promise.race([shared.result, left.promise]);
  } finally {
    signal?.removeEventListener('abort', leave);
    shared.readers -= 1;
    if (shared.readers === 0) shared.abandon(signal?.reason);
  }
}
