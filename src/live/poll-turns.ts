/** A place in the queue that is given up, if the turn has not come. */
export type LeaveQueue = () => void;

/**
 * Turns for reads that nobody waits for, at equal distances, so that however many requests are watched these reads take
 * no more than their share of the service.
 */
export class PollTurns {
  readonly #distanceMs: number;
  readonly #queue = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#distanceMs = 1_000 / perSecond;
  }

  /** Calls `take` once, when its turn comes: never before this returns. */
  ask(take: () => void): LeaveQueue {
    this.#queue.add(take);
    this.#schedule();
    return () => void this.#queue.delete(take);
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#queue.size === 0) return;
    // Whole milliseconds, as timers have: rounded down they would make more turns than there are.
    const waitMs = Math.ceil(Math.max(0, this.#lastAt + this.#distanceMs - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const [take] = this.#queue;
      if (take === undefined) return; // all have left
      this.#queue.delete(take);
      this.#lastAt = performance.now();
      take();
      this.#schedule();
    }, waitMs);
  }
}
