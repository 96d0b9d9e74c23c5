/** How often a request is looked at, in milliseconds. */
export interface PaceOptions {
  /** After something that the gateway itself did to the request, or when somebody begins to wait for it. @default 250 */
  readonly firstMs: number;
  /** After a change, and when somebody begins to watch: more may follow, but nothing that we know of. @default 1 000 */
  readonly freshMs: number;
  /** Longest pause while a caller waits for an answer. @default 3 000 */
  readonly waitingMs: number;
  /** Longest pause in the first ten minutes without a change. @default 15 000 */
  readonly quietMs: number;
  /** Longest pause. @default 60 000 */
  readonly idleMs: number;
}

export const PACE: PaceOptions = {
  firstMs: 250,
  freshMs: 1_000,
  waitingMs: 3_000,
  quietMs: 15_000,
  idleMs: 60_000,
};

/** The paces with another longest pause. */
export function paceOf(idleMs: number): PaceOptions {
  const { firstMs, freshMs, waitingMs, quietMs } = PACE;
  return { firstMs, freshMs, waitingMs, quietMs: Math.min(quietMs, idleMs), idleMs };
}

/** Each pause by so much longer than the one before, so that a pause is about a third of the time that nothing happened. */
const GROWTH = 1.6;
/** The service needs so long from READY to WAIT_FOR_SIGNATURE, and less for all else that the gateway asks of it. */
const EFFECT_MS = 10_000;
/** As long as a citizen commonly takes who has the QR code before them. */
const IDLE_AFTER_MS = 10 * 60_000;

/** The pauses between the reads of one request: short after something happened, longer and longer when nothing does. */
export class Pace {
  readonly #options: PaceOptions;
  #pauseMs: number;
  #since = performance.now();
  #hurriedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#pauseMs = options.freshMs;
  }

  /** Something was done to the request, or somebody waits for it. */
  hurry(): void {
    this.#hurriedAt = performance.now();
    this.#restart(this.#options.firstMs);
  }

  /** Whether something was done, and nothing has come of it yet. */
  get isHurried(): boolean {
    return performance.now() - this.#hurriedAt < EFFECT_MS;
  }

  /** The request has changed. */
  freshen(): void {
    this.#hurriedAt = Number.NEGATIVE_INFINITY;
    this.#restart(this.#options.freshMs);
  }

  /** The pause before the next read. */
  next(isAwaited: boolean): number {
    const { waitingMs, quietMs, idleMs } = this.#options;
    const isIdle = performance.now() - this.#since > IDLE_AFTER_MS;
    const longest = isAwaited ? waitingMs : isIdle ? idleMs : quietMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * GROWTH, idleMs);
    return Math.min(pauseMs, longest);
  }

  #restart(pauseMs: number): void {
    this.#pauseMs = Math.min(pauseMs, this.#pauseMs);
    this.#since = performance.now();
  }
}
