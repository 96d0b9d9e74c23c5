import type { SignatureRequest } from '../upstream/decode.ts';
import { isFinal } from './changes.ts';
import type { StatusRead } from './changes.ts';

import type { StatusWatcher, Watch } from './status-watcher.ts';

export interface ChangeStreamOptions {
  /** Aborting ends the stream. */
  readonly signal: AbortSignal;
  /** States buffered for a slow reader. A request has about ten in its life. @default 16 */
  readonly capacity?: number;
}

/** The reader fell behind and states were dropped. */
export class SlowReaderError extends Error {
  override readonly name = 'SlowReaderError';

  constructor() {
    super('changes arrived faster than they were read');
  }
}

/**
 * Yields the current state of a request, then each state that differs from the previous one, up to a final one. Polling
 * stops with the stream, so the consumer must read to the end, call `return` or abort the signal.
 * @throws {UpstreamError} from `next`, after a final failure of the service
 * @throws {SlowReaderError} from `next`, when the buffer is full; the buffered states are dropped
 */
export class ChangeStream implements AsyncIterableIterator<SignatureRequest, undefined> {
  readonly #capacity: number;
  readonly #signal: AbortSignal;
  readonly #watch: Watch;
  readonly #queue: SignatureRequest[] = [];
  readonly #readers: PromiseWithResolvers<IteratorResult<SignatureRequest, undefined>>[] = [];
  #state: string;
  #failure: Error | undefined;
  #hasEnded = false;

  /** @throws {WatcherFullError} */
  constructor(watcher: StatusWatcher, seen: StatusRead, { signal, capacity = 16 }: ChangeStreamOptions) {
    this.#capacity = capacity;
    this.#signal = signal;
    this.#watch = watcher.watch(
      seen.request.id,
      {
        read: (read) => this.#accept(read),
        failed: (failure, isFinalFailure) => {
          if (isFinalFailure) this.#end(failure);
        },
      },
      seen,
    );
    // Another read may have found a later state than `seen`.
    const first = this.#watch.last ?? seen;
    this.#state = first.state;
    this.#queue.push(first.request);
    if (isFinal(first.request)) this.#end();
    if (signal.aborted) this.#leave();
    else signal.addEventListener('abort', this.#leave);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<SignatureRequest, undefined>> {
    const value = this.#queue.shift();
    if (value !== undefined) return { done: false, value };
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    if (this.#hasEnded) return DONE;
    const reader = Promise.withResolvers<IteratorResult<SignatureRequest, undefined>>();
    this.#readers.push(reader);
    return reader.promise;
  }

  async return(): Promise<IteratorResult<SignatureRequest, undefined>> {
    this.#leave();
    return DONE;
  }

  #accept({ request, state }: StatusRead): void {
    if (this.#hasEnded || state === this.#state) return;
    this.#state = state;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: request });
    else if (this.#queue.push(request) > this.#capacity) {
      this.#queue.length = 0;
      this.#end(new SlowReaderError());
      return;
    }
    if (isFinal(request)) this.#end();
  }

  /** Stops watching. Buffered states can still be read. */
  #end(failure?: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#signal.removeEventListener('abort', this.#leave);
    this.#watch.leave();
    const [first, ...others] = this.#readers.splice(0);
    if (first === undefined) this.#failure = failure;
    else if (failure === undefined) first.resolve(DONE);
    else first.reject(failure);
    for (const reader of others) reader.resolve(DONE);
  }

  readonly #leave = (): void => {
    this.#queue.length = 0;
    this.#end();
    this.#failure = undefined;
  };
}

const DONE = { done: true, value: undefined } as const;
