import type { GatewayEvents } from '../observability/events.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import type { Priority } from '../upstream/rate-limit/rate-limiter.ts';
import { kindOfAbort } from '../upstream/pipeline/deadline.ts';
import { UpstreamError } from '../upstream/failure/upstream-error.ts';
import type { UpstreamErrorKind } from '../upstream/failure/upstream-error.ts';
import { getSignatureRequest } from '../upstream/operations/get-signature-request.ts';
import { isLater, readOf } from './changes.ts';
import type { StatusRead } from './changes.ts';
import { Pace } from './pace.ts';
import type { PaceOptions } from './pace.ts';
import type { LeaveQueue, PollTurns } from './poll-queue.ts';

/** Called where reads end: must be quick and must not throw. */
export interface StatusListener {
  /** A read has ended, with or without anything new. What it shows is never older than what the one before showed. */
  read(read: StatusRead): void;
  /** Reads are refused. Unless this is final, they go on and may work again. */
  failed(failure: UpstreamError, isFinal: boolean): void;
}

interface Look {
  readonly startedAt: number;
  readonly ended: Promise<StatusRead>;
}

/** No later read can find anything else. */
const FINAL: ReadonlySet<UpstreamErrorKind> = new Set(['not-found', 'bad-request', 'unprocessable']);
/** The service hides outages of its own behind these. */
const REFUSALS: ReadonlySet<UpstreamErrorKind> = new Set(['unauthorized', 'forbidden']);
/** Of refusals, and of answers that cannot be read, as a proxy may garble one: so many in a row are believed. */
const DOUBTFUL_UNTIL_FINAL = 3;

/** The service may ask for a longer pause than the pace, within reason. */
const LONGEST_ASKED_MS = 60 * 60_000;

/** Runs work outside of the request that happens to begin it. */
export type RunOutside = <T>(work: () => T) => T;

export interface WatchedRequestOptions {
  readonly id: string;
  readonly client: UpstreamClient;
  readonly events: GatewayEvents;
  readonly pace: PaceOptions;
  readonly turns: PollTurns;
  readonly outside: RunOutside;
  /** A read has found this, and it is not older than what is known. */
  readonly onRead: (read: StatusRead) => void;
  /** Nobody watches any more, and nothing is done any more. */
  readonly onEnd: () => void;
}

/** One request and all who watch it: read by one loop, whose reads and failures all of them are told. */
export class WatchedRequest {
  readonly #options: WatchedRequestOptions;
  readonly #pace: Pace;
  readonly #ending = new AbortController();
  readonly #listeners = new Map<StatusListener, { readonly isWaiting: boolean }>();
  readonly #looks = new Map<Priority, Look>();
  #readers = 0;
  #waiting = 0;
  #last: StatusRead | undefined;
  #staleBefore = Number.NEGATIVE_INFINITY;
  /** Failures in a row that may pass, and may not. */
  #doubtful = 0;
  /** When the next poll is due, planned or waiting for its turn. Infinite: there is none. */
  #dueAt = Number.POSITIVE_INFINITY;
  /** A poll plans the next one when it ends. Reads that others have asked for plan nothing. */
  #isPolling = false;
  #timer: NodeJS.Timeout | undefined;
  /** Due, and waiting for its turn. */
  #place: { readonly leave: LeaveQueue; readonly isUrgent: boolean } | undefined;

  constructor(options: WatchedRequestOptions) {
    this.#options = options;
    this.#pace = new Pace(options.pace);
  }

  /** What the last read showed. */
  get last(): StatusRead | undefined {
    return this.#last;
  }

  /** For how many milliseconds a read has been due that has not begun. */
  get overdueMs(): number {
    if (this.#listeners.size === 0 || this.#isPolling) return 0;
    return Math.max(0, performance.now() - this.#dueAt);
  }

  add(listener: StatusListener, isWaiting: boolean): void {
    this.#listeners.set(listener, { isWaiting });
    if (isWaiting) {
      this.#waiting += 1;
      this.hurry();
    } else if (this.#dueAt === Number.POSITIVE_INFINITY) this.#plan();
  }

  remove(listener: StatusListener): void {
    const found = this.#listeners.get(listener);
    if (found === undefined) return;
    this.#listeners.delete(listener);
    if (found.isWaiting) this.#waiting -= 1;
    this.#endIfAlone();
  }

  /** Something was done to the request: what was read before is old, and more will come. */
  nudge(): void {
    this.#staleBefore = performance.now();
    this.hurry();
  }

  /** Reads soon. */
  hurry(): void {
    this.#pace.hurry();
    this.#plan();
  }

  /** Takes what a read has found, here or elsewhere, unless it is older than what is known. */
  accept(read: StatusRead): void {
    const last = this.#last;
    if (last !== undefined && !isLater(read, last)) return;
    this.#last = read;
    this.#doubtful = 0;
    if (last !== undefined && read.state !== last.state) this.#pace.freshen();
    for (const listener of this.#listeners.keys()) listener.read(read);
    this.#options.onRead(read);
  }

  /**
   * A read for somebody who asked for it, shared by all who ask meanwhile.
   * @param maxAgeMs what a read found that began so long ago will do as well.
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
      const running = this.#looks.get(priority);
      const look =
        running !== undefined && running.startedAt >= this.#staleBefore ? running : this.#look(priority);
      return await Promise.race([look.ended, left.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      this.#readers -= 1;
      this.#endIfAlone();
    }
  }

  end(): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    clearTimeout(this.#timer);
    this.#place?.leave();
    this.#options.onEnd();
  }

  #endIfAlone(): void {
    if (this.#listeners.size === 0 && this.#readers === 0) this.end();
  }

  /** A poll at the next pace, unless there is an earlier one. */
  #plan(leastMs = 0): void {
    const pauseMs = Math.max(leastMs, this.#pace.next(this.#waiting > 0));
    this.#dueAt = Math.min(this.#dueAt, performance.now() + pauseMs);
    if (this.#place !== undefined) {
      // It keeps its place, unless there is a better one.
      if (this.#waiting === 0 && (this.#place.isUrgent || !this.#pace.isHurried)) return;
      this.#place.leave();
      this.#place = undefined;
    }
    clearTimeout(this.#timer);
    // Without a timer none is due, or the next listener would wait for a poll that was never planned.
    if (this.#listeners.size === 0) this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#ending.signal.aborted || this.#listeners.size === 0 || this.#isPolling) return;
    this.#timer = setTimeout(() => this.#due(), Math.max(0, this.#dueAt - performance.now()));
  }

  #due(): void {
    if (this.#listeners.size === 0) this.#dueAt = Number.POSITIVE_INFINITY;
    else if (this.#waiting > 0) void this.#poll();
    else {
      const isUrgent = this.#pace.isHurried;
      this.#place = { isUrgent, leave: this.#options.turns.ask(() => this.#poll(), { isUrgent }) };
    }
  }

  async #poll(): Promise<void> {
    this.#place = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#isPolling = true;
    const before = this.#last?.state;
    let leastMs = 0;
    try {
      const { state } = await this.#look('poll').ended;
      this.#options.events.emit('poll', { changed: before !== undefined && state !== before });
    } catch (failure) {
      const askedMs = failure instanceof UpstreamError ? (failure.retryAfterSeconds ?? 0) * 1_000 : 0;
      // Whoever waits does so for seconds, and loses nothing by asking once more.
      leastMs = this.#waiting > 0 ? 0 : Math.min(askedMs, LONGEST_ASKED_MS);
    }
    this.#isPolling = false;
    this.#plan(leastMs);
  }

  #look(priority: Priority): Look {
    const startedAt = performance.now();
    const look = { startedAt, ended: this.#options.outside(() => this.#ask(priority, startedAt)) };
    this.#looks.set(priority, look);
    return look;
  }

  async #ask(priority: Priority, startedAt: number): Promise<StatusRead> {
    const { client, id } = this.#options;
    let read: StatusRead;
    try {
      const signal = this.#ending.signal;
      read = readOf(await getSignatureRequest(client, id, { signal, priority }), startedAt);
    } catch (failure) {
      this.#looks.delete(priority);
      this.#fail(failure);
      throw failure;
    }
    this.#looks.delete(priority);
    this.accept(read);
    return read;
  }

  #fail(failure: unknown): void {
    if (this.#ending.signal.aborted) return;
    const error =
      failure instanceof UpstreamError
        ? failure
        : new UpstreamError({ operation: 'getSignatureRequest', kind: 'contract', cause: failure });
    const isRefusal = REFUSALS.has(error.kind);
    this.#doubtful = isRefusal || error.kind === 'contract' ? this.#doubtful + 1 : 0;
    const isFinal = FINAL.has(error.kind) || this.#doubtful >= DOUBTFUL_UNTIL_FINAL;
    if (!isFinal && !isRefusal) return;
    for (const listener of this.#listeners.keys()) {
      if (isFinal) this.#listeners.delete(listener);
      listener.failed(error, isFinal);
    }
    if (isFinal) {
      this.#waiting = 0;
      this.#endIfAlone();
    }
  }
}

/** As a call fails that its caller leaves, or whose time is up. */
export function abortedBy(reason: unknown): UpstreamError {
  return new UpstreamError({ operation: 'getSignatureRequest', kind: kindOfAbort(reason), cause: reason });
}
