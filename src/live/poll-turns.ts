/** A place in the queue that is given up, if the turn has not come. */
export type LeaveQueue = () => void;

type Take = () => void;

/**
 * Calls that are held up on their way arrive together with later ones: turns are so much further apart than equal shares,
 * lest more than there should be fall into the five seconds in which the service counts.
 */
const MARGIN = 1.03;

/**
 * Turns for reads that nobody waits for, at equal distances, so that however many requests are watched these reads take
 * no more than their share of the service. Those of requests to which something was just done come first, but leave
 * every other turn to the rest.
 */
export class PollTurns {
  readonly #distanceMs: number;
  readonly #lanes = { urgent: new Set<Take>(), other: new Set<Take>() };
  #wasUrgent = false;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#distanceMs = (MARGIN * 1_000) / perSecond;
  }

  /** Calls `take` once, when its turn comes: never before this returns. */
  ask(take: Take, { isUrgent = false } = {}): LeaveQueue {
    const lane = isUrgent ? this.#lanes.urgent : this.#lanes.other;
    lane.add(take);
    this.#schedule();
    return () => void lane.delete(take);
  }

  #schedule(): void {
    const { urgent, other } = this.#lanes;
    if (this.#timer !== undefined || urgent.size + other.size === 0) return;
    // Whole milliseconds, as timers have: rounded down they would make more turns than there are.
    const waitMs = Math.ceil(Math.max(0, this.#lastAt + this.#distanceMs - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const take = this.#next();
      if (take === undefined) return; // all have left
      this.#lastAt = performance.now();
      take();
      this.#schedule();
    }, waitMs);
  }

  #next(): Take | undefined {
    const { urgent, other } = this.#lanes;
    this.#wasUrgent = urgent.size > 0 && !(this.#wasUrgent && other.size > 0);
    const lane = this.#wasUrgent ? urgent : other;
    const [take] = lane;
    if (take !== undefined) lane.delete(take);
    return take;
  }
}
