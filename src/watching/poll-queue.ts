import { Times } from '../upstream/rate-limit/times.ts';

/** A place in the queue that is given up, if the turn has not come. */
export type LeaveQueue = () => void;

/** Makes the read; ends when it has ended, and never rejects. */
type Take = () => Promise<void>;

/** In which the service counts. */
const WINDOW_MS = 5_000;

/** Of so many turns the patient have one while others wait: they yield, and still they get on. */
const PATIENT_EVERY = 3;

/**
 * Turns for reads that nobody waits for, at equal distances, so that however many requests are watched these reads take
 * no more than their share of the service. While a second's worth of them is held up there are no more turns, or all that
 * was held up would come at once; and what is held up for less still counts from its end, so that no five seconds have more
 * than five seconds' share. Reads of requests to which something was just done come first, but leave every other
 * turn to the rest. Those of requests that nobody looks at, whose news may come minutes later, come last.
 */
export class PollTurns {
  readonly #distanceMs: number;
  readonly #maxRunning: number;
  readonly #perWindow: number;
  /** Reads that wait, in the order in which they came, and when that was. */
  readonly #lanes = {
    urgent: new Map<Take, number>(),
    other: new Map<Take, number>(),
    patient: new Map<Take, number>(),
  };
  /** When reads ended: before that, they have arrived. */
  readonly #ended = new Times();
  #running = 0;
  #wasUrgent = false;
  #sincePatient = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#distanceMs = 1_000 / perSecond;
    this.#maxRunning = Math.ceil(perSecond);
    this.#perWindow = Math.max(1, Math.floor((perSecond * WINDOW_MS) / 1_000));
  }

  /** Calls `take` once, when its turn comes: never before this returns. */
  ask(take: Take, { isUrgent = false, isPatient = false } = {}): LeaveQueue {
    const { urgent, other, patient } = this.#lanes;
    const lane = isPatient ? patient : isUrgent ? urgent : other;
    lane.set(take, performance.now());
    this.#schedule();
    return () => void lane.delete(take);
  }

  /** For how many milliseconds the oldest has waited for its turn. */
  get oldestMs(): number {
    let oldest = performance.now();
    for (const lane of Object.values(this.#lanes))
      for (const askedAt of lane.values()) {
        oldest = Math.min(oldest, askedAt);
        break; // in a lane the first is the oldest
      }
    return performance.now() - oldest;
  }

  #schedule(): void {
    const { urgent, other, patient } = this.#lanes;
    if (this.#timer !== undefined || urgent.size + other.size + patient.size === 0) return;
    if (this.#running >= this.#maxRunning) return;
    const now = performance.now();
    const nextAt = Math.max(this.#lastAt + this.#distanceMs, this.#placeAt(now));
    if (nextAt === Number.POSITIVE_INFINITY) return;
    // Whole milliseconds, as timers have: rounded down they would make more turns than there are.
    const waitMs = Math.ceil(Math.max(0, nextAt - now));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const take = this.#next();
      if (take === undefined) return; // all have left
      this.#lastAt = performance.now();
      void this.#run(take);
      this.#schedule();
    }, waitMs);
  }

  /** When the window has a place for one more; when none has ended in it, nobody knows. */
  #placeAt(now: number): number {
    this.#ended.dropUntil(now - WINDOW_MS);
    if (this.#running + this.#ended.size < this.#perWindow) return now;
    return (this.#ended.earliest ?? Number.POSITIVE_INFINITY) + WINDOW_MS;
  }

  async #run(take: Take): Promise<void> {
    this.#running += 1;
    await take();
    this.#running -= 1;
    this.#ended.add(performance.now());
    this.#schedule();
  }

  #next(): Take | undefined {
    const lane = this.#nextLane();
    const [take] = lane.keys();
    if (take !== undefined) lane.delete(take);
    return take;
  }

  #nextLane(): Map<Take, number> {
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
