/** Bounds of a moment on the clock of the service, in milliseconds since 1970. */
export interface ServiceTime {
  readonly earliest: number;
  readonly latest: number;
}

/** A `Date` header has whole seconds. */
const RESOLUTION_MS = 1_000;

/**
 * The clock of the service, read from the `Date` header of its answers. The clock of this machine may be wrong or be set, so
 * a monotonic clock measures the time since an answer.
 */
export class ServiceClock {
  /** Offset from `performance.now()`. */
  #offset: ServiceTime | undefined;
  /** The last `Date` header and its value: all answers of one second have the same. */
  #date = { text: '', at: Number.NaN };

  /** @param calledAt and answeredAt by `performance.now()`; the service wrote its answer between the two. */
  learn(date: string | undefined, calledAt: number, answeredAt = performance.now()): void {
    if (date === undefined) return;
    if (date !== this.#date.text) this.#date = { text: date, at: Date.parse(date) };
    const seconds = this.#date.at;
    if (Number.isNaN(seconds)) return;
    const read = { earliest: seconds - answeredAt, latest: seconds + RESOLUTION_MS - calledAt };
    const earliest = Math.max(read.earliest, this.#offset?.earliest ?? -Infinity);
    const latest = Math.min(read.latest, this.#offset?.latest ?? Infinity);
    // Several answers narrow the bounds, unless the clock was set between them: then the newest counts.
    this.#offset = earliest <= latest ? { earliest, latest } : read;
  }

  /** The current time. Before the first answer with a `Date`, the time of this machine. */
  now(): ServiceTime {
    if (this.#offset === undefined) return { earliest: Date.now(), latest: Date.now() };
    const now = performance.now();
    return { earliest: now + this.#offset.earliest, latest: now + this.#offset.latest };
  }
}
