/** A moment in milliseconds since 1970, by the service's clock, which is known to lie between these two. */
export interface ServiceTime {
  readonly earliest: number;
  readonly latest: number;
}

/** A `Date` header counts whole seconds. */
const RESOLUTION_MS = 1_000;

/**
 * The service's clock, read from the `Date` header of its answers. The clock of this machine may be wrong or be set, so
 * time is carried on from one answer to the next by a clock that only moves forward.
 */
export class ServiceClock {
  /** What to add to `performance.now()`. */
  #offset: ServiceTime | undefined;

  /** @param calledAt and answeredAt by `performance.now()`; the service wrote its answer between the two. */
  learn(date: string | undefined, calledAt: number, answeredAt = performance.now()): void {
    const seconds = Date.parse(date ?? '');
    if (Number.isNaN(seconds)) return;
    const read = { earliest: seconds - answeredAt, latest: seconds + RESOLUTION_MS - calledAt };
    const earliest = Math.max(read.earliest, this.#offset?.earliest ?? -Infinity);
    const latest = Math.min(read.latest, this.#offset?.latest ?? Infinity);
    // Several answers together say more than one, unless a clock was set between them: then the newest is right.
    this.#offset = earliest <= latest ? { earliest, latest } : read;
  }

  /** Now. Until an answer had a `Date` it is the time of this machine. */
  now(): ServiceTime {
    if (this.#offset === undefined) return { earliest: Date.now(), latest: Date.now() };
    const now = performance.now();
    return { earliest: now + this.#offset.earliest, latest: now + this.#offset.latest };
  }
}
