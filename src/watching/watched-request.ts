import type { GatewayEvents } from '../observability/events.ts';
import type { UpstreamClient, Priority } from '../upstream/call.ts';
import { kindOfAbort } from '../upstream/pipeline/deadline.ts';
import { UpstreamError } from '../upstream/failure.ts';
import type { UpstreamErrorKind } from '../upstream/failure.ts';
import { getSignatureRequest } from '../upstream/operations/get-signature-request.ts';
import { isLater, readOf } from './changes.ts';
import type { StatusRead } from './changes.ts';
import { Pace } from './poll-queue.ts';
import type { PaceOptions, LeaveQueue, PollQueue } from './poll-queue.ts';

/** Called at the end of reads. Must be quick and must not throw. */
export interface StatusListener {
  /** A read has ended. Its state is never older than that of the previous call, and may be equal. */
  read(read: StatusRead): void;
  /** The service refuses reads. Unless the failure is final, polling continues. */
  failed(failure: UpstreamError, isFinal: boolean): void;
}

interface RunningRead {
  readonly startedAt: number;
  readonly ended: Promise<StatusRead>;
}

/** Kinds of failures that every later read would have again. */
const FINAL: ReadonlySet<UpstreamErrorKind> = new Set(['not-found', 'bad-request', 'unprocessable']);
/** Kinds that the service also returns during its own outages. */
const REFUSALS: ReadonlySet<UpstreamErrorKind> = new Set(['unauthorized', 'forbidden']);
/** A refusal or an unreadable response is final only after this many in a row: an outage or a proxy may cause single ones. */
const UNCERTAIN_UNTIL_FINAL = 3;

/** Upper limit of a pause requested by `Retry-After`. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** Runs work outside the async context of the request that starts it. */
export type RunOutside = <T>(work: () => T) => T;

export interface WatchedRequestOptions {
  readonly id: string;
  readonly client: UpstreamClient;
  readonly events: GatewayEvents;
  readonly pace: PaceOptions;
  readonly queue: PollQueue;
  readonly outside: RunOutside;
  /** Called for each read that is not older than the last one. */
  readonly onRead: (read: StatusRead) => void;
  /** Called when the last listener and the last reader have left. */
  readonly onEnd: () => void;
}

/** One request and its watchers: one polling loop, whose reads and failures go to every listener. */
export class WatchedRequest {
  readonly #options: WatchedRequestOptions;
  readonly #pace: Pace;
  readonly #stopped = new AbortController();
  readonly #listeners = new Map<StatusListener, { readonly isWaiting: boolean }>();
  readonly #running = new Map<Priority, RunningRead>();
  #readers = 0;
  #waiting = 0;
  #last: StatusRead | undefined;
  #staleBefore = Number.NEGATIVE_INFINITY;
  /** Consecutive failures that may be final or transient. */
  #uncertain = 0;
  /** When the next poll is due, scheduled or queued; infinite if there is none. */
  #dueAt = Number.POSITIVE_INFINITY;
  /** A poll schedules the next one when it ends. Reads for callers schedule nothing. */
  #isPolling = false;
  #timer: NodeJS.Timeout | undefined;
  /** The due poll that waits in the poll queue. */
  #queued: { readonly leave: LeaveQueue; readonly isUrgent: boolean } | undefined;

  constructor(options: WatchedRequestOptions) {
    this.#options = options;
    this.#pace = new Pace(options.pace);
  }

  /** The last read. */
  get last(): StatusRead | undefined {
    return this.#last;
  }

  /** How long a poll has been due without having started, in milliseconds. */
  get overdueMs(): number {
    if (this.#listeners.size === 0 || this.#isPolling) return 0;
    return Math.max(0, performance.now() - this.#dueAt);
  }

  add(listener: StatusListener, isWaiting: boolean): void {
    this.#listeners.set(listener, { isWaiting });
    if (isWaiting) {
      this.#waiting += 1;
      this.#pollNow();
    } else if (this.#dueAt === Number.POSITIVE_INFINITY) this.#schedule();
  }

  remove(listener: StatusListener): void {
    const found = this.#listeners.get(listener);
    if (found === undefined) return;
    this.#listeners.delete(listener);
    if (found.isWaiting) this.#waiting -= 1;
    this.#endIfUnused();
  }

  /** The gateway has changed the request: earlier reads are stale, and a change is expected. */
  invalidate(): void {
    this.#staleBefore = performance.now();
    this.#pollNow();
  }

  #pollNow(): void {
    this.#pace.expectChange();
    this.#schedule();
  }

  /** Records a read made here or elsewhere, unless it is older than the last one. */
  accept(read: StatusRead): void {
    const last = this.#last;
    if (last !== undefined && !isLater(read, last)) return;
    this.#last = read;
    this.#uncertain = 0;
    if (last !== undefined && read.state !== last.state) this.#pace.recordChange();
    for (const listener of this.#listeners.keys()) listener.read(read);
    this.#options.onRead(read);
  }

  /**
   * A read for a caller. Concurrent callers share it.
   * @param maxAgeMs a known read is returned if it started within this time and is not stale
   */
  async read(maxAgeMs: number, signal: AbortSignal, priority: Priority = 'interactive'): Promise<StatusRead> {
    const oldest = Math.max(performance.now() - maxAgeMs, this.#staleBefore);
    if (this.#last !== undefined && this.#last.startedAt >= oldest) return this.#last;
    this.#readers += 1;
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(abortedBy(signal.reason));
    try {
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave);
      const running = this.#running.get(priority);
      const isFresh = running !== undefined && running.startedAt >= this.#staleBefore;
      const { ended } = isFresh ? running : this.#startRead(priority);
      return await Promise.race([ended, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      this.#readers -= 1;
      this.#endIfUnused();
    }
  }

  end(): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    clearTimeout(this.#timer);
    this.#queued?.leave();
    this.#options.onEnd();
  }

  #endIfUnused(): void {
    if (this.#listeners.size === 0 && this.#readers === 0) this.end();
  }

  /** Schedules a poll after the next pause of the pace, unless one is due earlier. */
  #schedule(leastMs = 0): void {
    const pauseMs = Math.max(leastMs, this.#pace.next(this.#waiting > 0));
    this.#dueAt = Math.min(this.#dueAt, performance.now() + pauseMs);
    if (this.#queued !== undefined) {
      // A queued poll keeps its position, unless it has become urgent or a caller waits.
      if (this.#waiting === 0 && (this.#queued.isUrgent || !this.#pace.isExpectingChange)) return;
      this.#queued.leave();
      this.#queued = undefined;
    }
    clearTimeout(this.#timer);
    // A due time without a timer would keep the next listener waiting for a poll that is not scheduled.
    if (this.#listeners.size === 0) this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#stopped.signal.aborted || this.#listeners.size === 0 || this.#isPolling) return;
    this.#timer = setTimeout(() => this.#pollOrEnqueue(), Math.max(0, this.#dueAt - performance.now()));
  }

  #pollOrEnqueue(): void {
    if (this.#listeners.size === 0) this.#dueAt = Number.POSITIVE_INFINITY;
    else if (this.#waiting > 0) void this.#poll();
    else {
      const isUrgent = this.#pace.isExpectingChange;
      this.#queued = { isUrgent, leave: this.#options.queue.enqueue(() => this.#poll(), { isUrgent }) };
    }
  }

  async #poll(): Promise<void> {
    this.#queued = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#isPolling = true;
    const before = this.#last?.state;
    let leastMs = 0;
    try {
      const { state } = await this.#startRead('poll').ended;
      this.#options.events.emit('poll', { changed: before !== undefined && state !== before });
    } catch (failure) {
      const retryAfterMs = failure instanceof UpstreamError ? (failure.retryAfterSeconds ?? 0) * 1_000 : 0;
      // A caller waits for seconds only, so the next poll cannot be put off for it.
      leastMs = this.#waiting > 0 ? 0 : Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
    }
    this.#isPolling = false;
    this.#schedule(leastMs);
  }

  #startRead(priority: Priority): RunningRead {
    const startedAt = performance.now();
    const read = { startedAt, ended: this.#options.outside(() => this.#fetch(priority, startedAt)) };
    this.#running.set(priority, read);
    return read;
  }

  async #fetch(priority: Priority, startedAt: number): Promise<StatusRead> {
    const { client, id } = this.#options;
    let read: StatusRead;
    try {
      const signal = this.#stopped.signal;
      read = readOf(await getSignatureRequest(client, id, { signal, priority }), startedAt);
    } catch (failure) {
      this.#running.delete(priority);
      this.#fail(failure);
      throw failure;
    }
    this.#running.delete(priority);
    this.accept(read);
    return read;
  }

  #fail(failure: unknown): void {
    if (this.#stopped.signal.aborted) return;
    const error =
      failure instanceof UpstreamError
        ? failure
        : new UpstreamError({ operation: 'getSignatureRequest', kind: 'contract', cause: failure });
    const isRefusal = REFUSALS.has(error.kind);
    this.#uncertain = isRefusal || error.kind === 'contract' ? this.#uncertain + 1 : 0;
    const isFinal = FINAL.has(error.kind) || this.#uncertain >= UNCERTAIN_UNTIL_FINAL;
    if (!isFinal && !isRefusal) return;
    for (const listener of this.#listeners.keys()) {
      if (isFinal) this.#listeners.delete(listener);
      listener.failed(error, isFinal);
    }
    if (isFinal) {
      this.#waiting = 0;
      this.#endIfUnused();
    }
  }
}

/** The error of a read whose caller has left or whose deadline has passed. */
export function abortedBy(reason: unknown): UpstreamError {
  return new UpstreamError({ operation: 'getSignatureRequest', kind: kindOfAbort(reason), cause: reason });
}
