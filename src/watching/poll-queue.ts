import { Times } from '../upstream/rate-limit/rate-window.ts';

/** Removes a poll from the queue. No effect once the poll has started. */
export type LeaveQueue = () => void;

/** Makes one read. Resolves when the read has ended, and never rejects. */
type Poll = () => Promise<void>;

/** The window in which the service counts calls. */
const WINDOW_MS = 5_000;

/** One slot in this many goes to a background poll while other polls wait, so that background polls are never starved. */
const BACKGROUND_EVERY = 3;

/**
 * Starts polls at equal intervals, so that polling never takes more than its share of the rate budget, however many
 * requests are watched.
 *
 * While as many polls are running as fit into a second, no further poll starts: otherwise all of them would reach a slow
 * service at once. A finished poll counts from its end, so that no window of five seconds has more than its share.
 *
 * Urgent polls (of requests that are about to change) come first, but leave every other slot to the rest. Background polls
 * (for webhooks, which may be minutes late) come last.
 */
export class PollQueue {
  readonly #intervalMs: number;
  readonly #maxRunning: number;
  readonly #perWindow: number;
  /** Waiting polls in order of arrival, with their time of arrival. */
  readonly #lanes = {
    urgent: new Map<Poll, number>(),
    normal: new Map<Poll, number>(),
    background: new Map<Poll, number>(),
  };
  /** When polls ended. Only an ended poll has certainly reached the service. */
  readonly #ended = new Times();
  #running = 0;
  #wasUrgent = false;
  #sinceBackground = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#intervalMs = 1_000 / perSecond;
    this.#maxRunning = Math.ceil(perSecond);
    this.#perWindow = Math.max(1, Math.floor((perSecond * WINDOW_MS) / 1_000));
  }

  /** Queues a poll, which starts once and never before this method returns. */
  enqueue(poll: Poll, { isUrgent = false, isBackground = false } = {}): LeaveQueue {
    const { urgent, normal, background } = this.#lanes;
    const lane = isBackground ? background : isUrgent ? urgent : normal;
    lane.set(poll, performance.now());
    this.#schedule();
    return () => void lane.delete(poll);
  }

  /** How long the oldest poll has been waiting, in milliseconds. */
  get oldestMs(): number {
    let oldest = performance.now();
    for (const lane of Object.values(this.#lanes))
      for (const enqueuedAt of lane.values()) {
        oldest = Math.min(oldest, enqueuedAt);
        break; // the first of a lane is its oldest
      }
    return performance.now() - oldest;
  }

  #schedule(): void {
    const { urgent, normal, background } = this.#lanes;
    if (this.#timer !== undefined || urgent.size + normal.size + background.size === 0) return;
    if (this.#running >= this.#maxRunning) return;
    const now = performance.now();
    const nextAt = Math.max(this.#lastAt + this.#intervalMs, this.#nextSlotAt(now));
    if (nextAt === Number.POSITIVE_INFINITY) return;
    // Rounded up to the resolution of timers: rounded down, more polls would start than allowed.
    const waitMs = Math.ceil(Math.max(0, nextAt - now));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const poll = this.#dequeue();
      if (poll === undefined) return; // every poll has left the queue
      this.#lastAt = performance.now();
      void this.#run(poll);
      this.#schedule();
    }, waitMs);
  }

  /** When the window has a free slot; infinite while every slot is taken by a running poll. */
  #nextSlotAt(now: number): number {
    this.#ended.dropUntil(now - WINDOW_MS);
    if (this.#running + this.#ended.size < this.#perWindow) return now;
    return (this.#ended.earliest ?? Number.POSITIVE_INFINITY) + WINDOW_MS;
  }

  async #run(poll: Poll): Promise<void> {
    this.#running += 1;
    await poll();
    this.#running -= 1;
    this.#ended.add(performance.now());
    this.#schedule();
  }

  #dequeue(): Poll | undefined {
    const lane = this.#nextLane();
    const [poll] = lane.keys();
    if (poll !== undefined) lane.delete(poll);
    return poll;
  }

  #nextLane(): Map<Poll, number> {
    const { urgent, normal, background } = this.#lanes;
    this.#sinceBackground += 1;
    const isBackgroundDue = this.#sinceBackground >= BACKGROUND_EVERY || urgent.size + normal.size === 0;
    if (isBackgroundDue && background.size > 0) {
      this.#sinceBackground = 0;
      return background;
    }
    this.#wasUrgent = urgent.size > 0 && !(this.#wasUrgent && normal.size > 0);
    return this.#wasUrgent ? urgent : normal;
  }
}

/** Pauses between two reads of a request, in milliseconds. */
export interface PaceOptions {
  /** Longest pause. */
  readonly idleMs: number;
  /** After the gateway has changed the request, or when a caller starts to wait for it. @default 250 */
  readonly firstMs?: number;
  /** After a change was read, and when watching starts. @default 1 000 */
  readonly freshMs?: number;
  /** Longest pause while a caller waits. @default 3 000 */
  readonly waitingMs?: number;
  /** Longest pause in the first ten minutes without a change. @default 15 000, at most `idleMs` */
  readonly quietMs?: number;
}

const PAUSES = { firstMs: 250, freshMs: 1_000, waitingMs: 3_000, quietMs: 15_000 };

/** Growth of each pause over the previous one: a pause is then about a third of the time since the last change. */
const GROWTH = 1.6;
/** The slowest effect of a gateway's write: the service takes up to this long from READY to WAIT_FOR_SIGNATURE. */
const EFFECT_MS = 10_000;
/** How long a citizen with the QR code at hand usually takes to sign. */
const IDLE_AFTER_MS = 10 * 60_000;

/** The pauses between the reads of one request: short after a change, growing while nothing changes. */
export class Pace {
  readonly #options: Required<PaceOptions>;
  #pauseMs: number;
  #since = performance.now();
  #expectedSince = Number.NEGATIVE_INFINITY;

  constructor(options: PaceOptions) {
    const quietMs = Math.min(PAUSES.quietMs, options.idleMs);
    this.#options = { ...PAUSES, quietMs, ...options };
    this.#pauseMs = this.#options.freshMs;
  }

  /** The gateway has changed the request, or a caller waits for a change. */
  expectChange(): void {
    this.#expectedSince = performance.now();
    this.#restart(this.#options.firstMs);
  }

  /** Whether a change is expected that no read has shown yet. */
  get isExpectingChange(): boolean {
    return performance.now() - this.#expectedSince < EFFECT_MS;
  }

  /** A read has shown a change. */
  recordChange(): void {
    this.#expectedSince = Number.NEGATIVE_INFINITY;
    this.#restart(this.#options.freshMs);
  }

  /** The pause before the next read. */
  next(hasWaiter: boolean): number {
    const { waitingMs, quietMs, idleMs } = this.#options;
    const isIdle = performance.now() - this.#since > IDLE_AFTER_MS;
    const longest = hasWaiter ? waitingMs : isIdle ? idleMs : quietMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * GROWTH, idleMs);
    return Math.min(pauseMs, longest);
  }

  #restart(pauseMs: number): void {
    this.#pauseMs = Math.min(pauseMs, this.#pauseMs);
    this.#since = performance.now();
  }
}
