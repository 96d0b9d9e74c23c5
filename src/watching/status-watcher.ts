import { AsyncLocalStorage } from 'node:async_hooks';
import type { GatewayEvents } from '../observability/events.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { goesBack, readOf } from './changes.ts';
import type { StatusRead } from './changes.ts';
import { WatcherFullError } from './watch-errors.ts';
import { PACE } from './pace.ts';
import type { PaceOptions } from './pace.ts';
import { PollTurns } from './poll-queue.ts';
import { abortedBy, WatchedRequest } from './watched-request.ts';
import type { RunOutside, StatusListener } from './watched-request.ts';

export interface StatusWatcherOptions {
  /** Of one issuer: what it reads is shared by all who watch. */
  readonly client: UpstreamClient;
  readonly events: GatewayEvents;
  readonly pace?: Partial<PaceOptions>;
  /** Reads that nobody waits for: a fifth of the 30 calls a second that the service allows. @default 6 */
  readonly pollsPerSecond?: number;
  /** Requests watched at a time, and all who watch them. Callers who wait for an answer do not count. */
  readonly maxRequests?: number;
  readonly maxWatchers?: number;
  /** Runs what is done for many on behalf of none of them. @default as where the watcher was made */
  readonly outside?: RunOutside;
}

/** Hears of every request that is read here, for whoever or nobody, and of each that something was done to. */
export interface StatusTap {
  read(request: SignatureRequest): void;
  nudged(id: string): void;
}

export interface Watch {
  /** What is known at the moment; undefined before the first read. */
  readonly last: StatusRead | undefined;
  /** To be called once, also after a final failure. Nobody hears of anything afterwards. */
  leave(): void;
}

/**
 * The one place that asks the service again and again how a request stands. However many watch a request, it is asked
 * once; and no longer than somebody watches. Who may watch what is not known here: ask `resolvers/visible.ts` first.
 */
export class StatusWatcher {
  readonly #options: StatusWatcherOptions;
  readonly #turns: PollTurns;
  readonly #requests = new Map<string, WatchedRequest>();
  readonly #outside: RunOutside;
  #watchers = 0;
  #tap: StatusTap | undefined;

  constructor(options: StatusWatcherOptions) {
    this.#options = options;
    this.#turns = new PollTurns(options.pollsPerSecond ?? 6);
    this.#outside = options.outside ?? AsyncLocalStorage.snapshot();
  }

  /** There is one at most. It must be quick and must not throw. */
  tap(tap: StatusTap): void {
    this.#tap = tap;
  }

  /** How much is watched, by how many; callers who wait do not count among these. */
  get counts(): { readonly requests: number; readonly watchers: number } {
    return { requests: this.#requests.size, watchers: this.#watchers };
  }

  /** For how many milliseconds the oldest read has been due that has not begun; 0 when there is none. */
  get oldestDueMs(): number {
    let oldest = this.#turns.oldestMs;
    for (const request of this.#requests.values()) oldest = Math.max(oldest, request.overdueMs);
    return oldest;
  }

  /**
   * Tells a listener of every read from now on, until it leaves.
   * @param seen what the caller has read; without it the first read comes at its turn.
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
    let isThere = true;
    return {
      get last() {
        return request.last;
      },
      leave: () => {
        if (isThere) this.#watchers -= 1;
        isThere = false;
        request.remove(listener);
      },
    };
  }

  /** As `watch`, for a caller who waits for an answer: reads come quickly, and there is always room. */
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
   * How a request stands, by a read that all share who ask for it meanwhile.
   * @param maxAgeMs what a read of a watched request found that began so long ago will do as well.
   * @throws {UpstreamError} also of kind `aborted`, when the signal is.
   */
  read(
    id: string,
    { signal, maxAgeMs }: { readonly signal: AbortSignal; readonly maxAgeMs: number },
  ): Promise<StatusRead> {
    return this.#requestOf(id).read(maxAgeMs, signal);
  }

  /**
   * As `read`, for somebody who is in no hurry: it waits for its turn, behind the reads of requests that are watched.
   * @throws {UpstreamError} also of kind `aborted`, when the signal is.
   */
  async glance(
    id: string,
    { signal, maxAgeMs }: { readonly signal: AbortSignal; readonly maxAgeMs: number },
  ): Promise<StatusRead> {
    const last = this.#requests.get(id)?.last;
    if (last !== undefined && performance.now() - last.startedAt <= maxAgeMs) return last;
    using _turn = await this.#turn(signal);
    return await this.#requestOf(id).read(maxAgeMs, signal, 'poll');
  }

  /** Makes a read that somebody else needs, and tells whoever watches the request what it found. */
  async observe(id: string, read: () => Promise<SignatureRequest>): Promise<SignatureRequest> {
    const startedAt = performance.now();
    const request = await read();
    const watched = this.#requests.get(id);
    if (watched === undefined) this.#tap?.read(request);
    // It may have joined a call that began earlier than is known here: then only what it shows can be gone by.
    else if (watched.last === undefined || !goesBack(request, watched.last.request))
      watched.accept(readOf(request, startedAt));
    return request;
  }

  /** This gateway has done something to a request. */
  nudge(id: string): void {
    this.#requests.get(id)?.nudge();
    this.#tap?.nudged(id);
  }

  /** Ends all reads. Nobody is told. */
  close(): void {
    for (const request of this.#requests.values()) request.end();
  }

  /** A turn, which lasts until it is disposed of. */
  #turn(signal: AbortSignal): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      const take = (): Promise<void> => {
        signal.removeEventListener('abort', leave);
        const { promise, resolve: end } = Promise.withResolvers<void>();
        resolve({ [Symbol.dispose]: end });
        return promise;
      };
      const leaveQueue = this.#turns.ask(take, { isPatient: true });
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
      const onRead = (read: StatusRead): void => this.#tap?.read(read.request);
      const hooks = { outside, onEnd, onRead };
      const options = { id, client, events, pace: { ...PACE, ...pace }, turns: this.#turns, ...hooks };
      request = new WatchedRequest(options);
      this.#requests.set(id, request);
    }
    return request;
  }
}
