import type { GatewayEvents } from '../../observability/events.ts';
import type { CallOptions, Stage, ApiRequest } from '../call.ts';
import { UpstreamError } from '../failure.ts';
import { kindOfAbort } from './deadline.ts';

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

  read<Model>(
    call: ApiRequest,
    options: CallOptions,
    make: (options: CallOptions) => Promise<Model>,
  ): Promise<Model> {
    const { operation } = call;
    const key = keyOf(call, options);
    const shared = this.#inFlight.get(key);
    // Reads with one key have one operation, and so one decoder.
    if (shared === undefined) return this.#start(key, options, make).join(call, options) as Promise<Model>;
    this.#events.emit('coalescedRead', { operation });
    // A copy, because each caller may change its model.
    return shared.join(call, options).then((model) => structuredClone(model as Model));
  }

  /** Later reads join no call that started before now. */
  invalidate(): void {
    this.#inFlight.clear();
  }

  #start(key: string, options: CallOptions, make: (options: CallOptions) => Promise<unknown>): SharedCall {
    const controller = new AbortController();
    const shared = new SharedCall(controller, () => {
      if (this.#inFlight.get(key) === shared) this.#inFlight.delete(key);
    });
    this.#inFlight.set(key, shared);
    shared.start(make({ ...options, signal: controller.signal, controller }));
    return shared;
  }
}

/** Only the caller, at the end, may contain spaces outside the JSON. */
function keyOf({ path, query }: ApiRequest, { caller = '', priority = 'interactive' }: CallOptions): string {
  return `${path} ${priority} ${query === undefined ? '' : JSON.stringify(query)} ${caller}`;
}

interface Reader {
  readonly resolve: (model: unknown) => void;
  readonly reject: (failure: unknown) => void;
  readonly signal: AbortSignal | undefined;
  /** The listener of its signal. */
  readonly leave: () => void;
}

/** A call in flight that several readers share. */
class SharedCall {
  /**
   * Aborted when no reader is left; undefined when the call has ended. Old tables of the map of calls may keep this object
   * until the next full collection, and its controller would keep more.
   */
  #controller: AbortController | undefined;
  readonly #readers: Reader[] = [];
  /** Runs when the call has ended, or before it is aborted, so that no reader joins it. */
  readonly #forget: () => void;

  constructor(controller: AbortController, forget: () => void) {
    this.#controller = controller;
    this.#forget = forget;
  }

  start(call: Promise<unknown>): void {
    call.then(
      (model) => this.#end(({ resolve }) => resolve(model)),
      (failure: unknown) => this.#end(({ reject }) => reject(failure)),
    );
  }

  /** Waits for the result until the signal of the reader is aborted. */
  join({ operation }: ApiRequest, { signal }: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#remove(reader);
        const cause: unknown = signal?.reason;
        reject(new UpstreamError({ operation, kind: kindOfAbort(cause), cause }));
      };
      const reader: Reader = { resolve, reject, signal, leave };
      this.#readers.push(reader);
      if (signal?.aborted === true) leave();
      else signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #remove(reader: Reader): void {
    this.#readers.splice(this.#readers.indexOf(reader), 1);
    // A reader that comes at the same time keeps the call.
    if (this.#readers.length === 0) queueMicrotask(() => this.#abandon(reader.signal?.reason));
  }

  #abandon(reason: unknown): void {
    if (this.#readers.length > 0) return;
    this.#forget();
    this.#controller?.abort(reason);
  }

  #end(pass: (reader: Reader) => void): void {
    this.#controller = undefined;
    this.#forget();
    for (const reader of this.#readers.splice(0)) {
      reader.signal?.removeEventListener('abort', reader.leave);
      pass(reader);
    }
  }
}

/** Identical reads of one caller at the same time share one call (single-flight). */
export function withCoalescing(coalescer: ReadCoalescer): Stage<ApiRequest> {
  const invalidating = withInvalidation(coalescer);
  return (next) => {
    const send = invalidating(next);
    return (call, options) => {
      if (call.mayCoalesce !== true || options.caller === undefined) return send(call, options);
      return coalescer.read(call, options, (given) => next(call, given));
    };
  };
}

/** A write may change what the reads in flight show, even if it fails. */
export function withInvalidation(coalescer: ReadCoalescer): Stage {
  return (next) => async (call, options) => {
    try {
      return await next(call, options);
    } finally {
      if (call.effect === 'write') coalescer.invalidate();
    }
  };
}
