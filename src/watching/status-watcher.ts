import { AsyncLocalStorage } from 'node:async_hooks';
import type { GatewayEvents } from '../observability/events.ts';
import type { UpstreamClient } from '../upstream/call.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { goesBack, readOf } from './changes.ts';
import type { StatusRead } from './changes.ts';
import type { PaceOptions } from './poll-queue.ts';
import { PollQueue } from './poll-queue.ts';
import { abortedBy, WatchedRequest } from './watched-request.ts';
import type { RunOutside, StatusListener } from './watched-request.ts';

export interface StatusWatcherOptions {
  /** The client of one issuer. All watchers of a request share its reads. */
  readonly client: UpstreamClient;
  readonly events: GatewayEvents;
  readonly pace: PaceOptions;
  /** Polls per second. */
  readonly pollsPerSecond: number;
  /** Requests watched at the same time. @default 10 000 */
  readonly maxRequests?: number;
  /** Watchers of all requests together. Callers that wait (`await`) do not count. @default 20 000 */
  readonly maxWatchers?: number;
  /** Runs shared reads outside the async context of the caller that starts them. @default the context of the constructor */
  readonly outside?: RunOutside;
}

/** Receives every read and every invalidation of a `StatusWatcher`, of all its requests. */
export interface GlobalListener {
  read(request: SignatureRequest): void;
  invalidated(id: string): void;
}

/** The limit of watched requests or of watchers is reached. */
export class WatcherFullError extends Error {
  override readonly name = 'WatcherFullError';

  constructor(limit: 'requests' | 'watchers') {
    super(`the limit of watched ${limit === 'requests' ? 'requests' : 'request watchers'} is reached`);
  }
}

export interface Watch {
  /** The last read; undefined before the first one. */
  readonly last: StatusRead | undefined;
  /** Must be called once, also after a final failure. The listener is not called afterwards. */
  leave(): void;
}

/**
 * Polls the status of the requests of one issuer. All watchers of a request share one poll, which stops with the last
 * watcher. It does not authorize access: `resolvers/shared/authorize-access.ts` must do that first.
 */
export class StatusWatcher {
  readonly #options: StatusWatcherOptions;
  readonly #queue: PollQueue;
  readonly #requests = new Map<string, WatchedRequest>();
  readonly #outside: RunOutside;
  #watchers = 0;
  #globalListener: GlobalListener | undefined;

  constructor(options: StatusWatcherOptions) {
    this.#options = options;
    this.#queue = new PollQueue(options.pollsPerSecond);
    this.#outside = options.outside ?? AsyncLocalStorage.snapshot();
  }

  /** Sets the one global listener, which must be quick and must not throw. */
  setGlobalListener(listener: GlobalListener): void {
    this.#globalListener = listener;
  }

  /** Watched requests and their watchers. Callers that wait do not count as watchers. */
  get counts(): { readonly requests: number; readonly watchers: number } {
    return { requests: this.#requests.size, watchers: this.#watchers };
  }

  /** How long the oldest poll has been due without having started, in milliseconds; 0 if no poll is due. */
  get oldestDueMs(): number {
    let oldest = this.#queue.oldestMs;
    for (const request of this.#requests.values()) oldest = Math.max(oldest, request.overdueMs);
    return oldest;
  }

  /**
   * Calls a listener for every read until `leave` is called.
   * @param seen the caller's own read, if it has one; otherwise the first read waits in the poll queue
   * @throws {WatcherFullError}
   */
  watch(id: string, listener: StatusListener, seen?: StatusRead): Watch {
    const { maxRequests = 10_000, maxWatchers = 20_000 } = this.#options;
    if (this.#watchers >= maxWatchers) throw new WatcherFullError('watchers');
    if (!this.#requests.has(id) && this.#requests.size >= maxRequests) throw new WatcherFullError('requests');
    const request = this.#requestOf(id);
    if (seen !== undefined) request.accept(seen);
    request.add(listener, false);
    this.#watchers += 1;
    let isWatching = true;
    return {
      get last() {
        return request.last;
      },
      leave: () => {
        if (isWatching) this.#watchers -= 1;
        isWatching = false;
        request.remove(listener);
      },
    };
  }

  /** Like `watch`, for a caller that waits for a change: it is polled more often, and no limit applies. */
  await(id: string, listener: StatusListener): Watch {
    const request = this.#requestOf(id);
    request.add(listener, true);
    return {
      get last() {
        return request.last;
      },
      leave: () => request.remove(listener),
    };
  }

  /**
   * Reads a request. Concurrent callers share one read.
   * @param maxAgeMs a known read is returned if it started within this time
   * @throws {UpstreamError} of kind `aborted` when the signal is aborted
   */
  read(
    id: string,
    { signal, maxAgeMs }: { readonly signal: AbortSignal; readonly maxAgeMs: number },
  ): Promise<StatusRead> {
    return this.#requestOf(id).read(maxAgeMs, signal);
  }

  /**
   * Like `read`, but waits in the poll queue, behind the polls of watched requests.
   * @throws {UpstreamError} of kind `aborted` when the signal is aborted
   */
  async readInBackground(
    id: string,
    { signal, maxAgeMs }: { readonly signal: AbortSignal; readonly maxAgeMs: number },
  ): Promise<StatusRead> {
    const last = this.#requests.get(id)?.last;
    if (last !== undefined && performance.now() - last.startedAt <= maxAgeMs) return last;
    using _slot = await this.#backgroundSlot(signal);
    return await this.#requestOf(id).read(maxAgeMs, signal, 'poll');
  }

  /** Runs a read made elsewhere and passes its result to the watchers of the request. */
  async record(id: string, read: () => Promise<SignatureRequest>): Promise<SignatureRequest> {
    const startedAt = performance.now();
    const request = await read();
    const watched = this.#requests.get(id);
    if (watched === undefined) this.#globalListener?.read(request);
    // A coalesced read may have started before `startedAt`, so the timestamps of the service decide whether it is newer.
    else if (watched.last === undefined || !goesBack(request, watched.last.request))
      watched.accept(readOf(request, startedAt));
    return request;
  }

  /** Marks the last read of a request as stale, because this gateway has changed the request, and polls it now. */
  invalidate(id: string): void {
    this.#requests.get(id)?.invalidate();
    this.#globalListener?.invalidated(id);
  }

  /** Ends all reads without calling the listeners. */
  close(): void {
    for (const request of this.#requests.values()) request.end();
  }

  /** Waits for a background slot of the poll queue. Disposing of it frees the slot. */
  #backgroundSlot(signal: AbortSignal): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      const start = (): Promise<void> => {
        signal.removeEventListener('abort', leave);
        const { promise, resolve: end } = Promise.withResolvers<void>();
        resolve({ [Symbol.dispose]: end });
        return promise;
      };
      const leaveQueue = this.#queue.enqueue(start, { isBackground: true });
      const leave = (): void => {
        leaveQueue();
        reject(abortedBy(signal.reason));
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  #requestOf(id: string): WatchedRequest {
    let request = this.#requests.get(id);
    if (request === undefined) {
      const { client, events, pace } = this.#options;
      const outside = this.#outside;
      const onEnd = (): void => void this.#requests.delete(id);
      const onRead = (read: StatusRead): void => this.#globalListener?.read(read.request);
      const hooks = { outside, onEnd, onRead };
      const options = { id, client, events, pace, queue: this.#queue, ...hooks };
      request = new WatchedRequest(options);
      this.#requests.set(id, request);
    }
    return request;
  }
}

export type WatchingOptions = Omit<StatusWatcherOptions, 'client' | 'events' | 'outside'>;

/** One watcher per issuer, so that no read of one issuer reaches another. */
export class StatusWatchers {
  readonly #options: Omit<StatusWatcherOptions, 'client'>;
  readonly #watchers = new Map<UpstreamClient, StatusWatcher>();

  constructor(options: WatchingOptions & Pick<StatusWatcherOptions, 'events'>) {
    this.#options = { ...options, outside: AsyncLocalStorage.snapshot() };
  }

  of(client: UpstreamClient): StatusWatcher {
    let watcher = this.#watchers.get(client);
    if (watcher === undefined) {
      watcher = new StatusWatcher({ ...this.#options, client });
      this.#watchers.set(client, watcher);
    }
    return watcher;
  }

  /** Requests that are watched or awaited now. */
  get watchedRequests(): number {
    return [...this.#watchers.values()].reduce((sum, { counts }) => sum + counts.requests, 0);
  }

  /** How long the oldest poll has been due without having started, in milliseconds; 0 if no poll is due. */
  get oldestDueMs(): number {
    return Math.max(0, ...[...this.#watchers.values()].map((watcher) => watcher.oldestDueMs));
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}
