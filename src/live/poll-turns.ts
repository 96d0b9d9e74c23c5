/** A place in the queue that is given up, if the turn has not come. */
export type LeaveQueue = () => void;

/** Makes the read; ends when it has ended, and never rejects. */
type Take = () => Promise<void>;

/**
 * Calls that are held up on their way arrive together with later ones: turns are so much further apart than equal shares,
 * lest more than there should be fall into the five seconds in which the service counts.
 */
const MARGIN = 1.03;

/** Of so many turns the patient have one while others wait: they yield, and still they get on. */
const PATIENT_EVERY = 3;

/**
 * Turns for reads that nobody waits for, at equal distances, so that however many requests are watched these reads take
 * no more than their share of the service. While a second's worth of them is held up there are no more turns, or all that
 * was held up would come at once. Reads of requests to which something was just done come first, but leave every other
 * turn to the rest. Those of requests that nobody looks at, whose news may come minutes later, come last.
 */
export class PollTurns {
  readonly #distanceMs: number;
  readonly #maxRunning: number;
  readonly #lanes = { urgent: new Set<Take>(), other: new Set<Take>(), patient: new Set<Take>() };
  #running = 0;
  #wasUrgent = false;
  #sincePatient = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#distanceMs = (MARGIN * 1_000) / perSecond;
    this.#maxRunning = Math.ceil(perSecond);
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
    if (this.#running >= this.#maxRunning) return;
    // Whole milliseconds, as timers have: rounded down they would make more turns than there are.
    const waitMs = Math.ceil(Math.max(0, this.#lastAt + this.#distanceMs - performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const take = this.#next();
      if (take === undefined) return; // all have left
      this.#lastAt = performance.now();
      void this.#run(take);
      this.#schedule();
    }, waitMs);
  }

  async #run(take: Take): Promise<void> {
    this.#running += 1;
    await take();
    this.#running -= 1;
    this.#schedule();
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
