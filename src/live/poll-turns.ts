/** A place in the queue that is given up, if the turn has not come. */
export type LeaveQueue = () => void;

type Take = () => void;

/**
 * Calls that are held up on their way arrive together with later ones: turns are so much further apart than equal shares,
 * lest more than there should be fall into the five seconds in which the service counts.
 */
const MARGIN = 1.03;

/** Of so many turns the patient have one while others wait: they yield, and still they get on. */
const PATIENT_EVERY = 3;

/**
 * Turns for reads that nobody waits for, at equal distances, so that however many requests are watched these reads take
 * no more than their share of the service. Those of requests to which something was just done come first, but leave
 * every other turn to the rest. Those of requests that nobody looks at, whose news may come minutes later, come last.
 */
export class PollTurns {
  readonly #distanceMs: number;
  readonly #lanes = { urgent: new Set<Take>(), other: new Set<Take>(), patient: new Set<Take>() };
  #wasUrgent = false;
  #sincePatient = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#distanceMs = (MARGIN * 1_000) / perSecond;
  }

  /** Calls `take` once, when its turn comes: never before this returns. */
  ask(take: Take, { isUrgent = false, isPatient = false } = {}): LeaveQueue {
    const { urgent, other, patient } = this.#lanes;
    const lane = isPatient ? patient : isUrgent ? urgent : other;
    lane.add(take);
    this.#schedule();
    return () => void lane.delete(take);
  }

  #schedule(): void {
    const { urgent, other, patient } = this.#lanes;
    if (this.#timer !== undefined || urgent.size + other.size + patient.size === 0) return;
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
    const lane = this.#nextLane();
    const [take] = lane;
    if (take !== undefined) lane.delete(take);
    return take;
  }

  #nextLane(): Set<Take> {
    const { urgent, other, patient } = this.#lanes;
    this.#sincePatient += 1;
    const isPatientsTurn = this.#sincePatient >= PATIENT_EVERY || urgent.size + other.size === 0;
    if (isPatientsTurn && patient.size > 0) {
      this.#sincePatient = 0;
      return patient;
    }
    this.#wasUrgent = urgent.size > 0 && !(this.#wasUrgent && other.size > 0);
    return this.#wasUrgent ? urgent : other;
  }
}
