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
