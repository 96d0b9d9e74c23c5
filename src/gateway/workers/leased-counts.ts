import type { Lease } from '../../http/fixed-windows.ts';
import type { RequestCounts } from '../../http/rate-limit.ts';

/** The part of a lease that is left. */
interface Rest {
  events: number;
  /** On the clock of `performance.now`. */
  readonly until: number;
  /** The limit was reached when it was leased. */
  readonly isLast: boolean;
}

const SWEEP_MS = 60_000;

/**
 * Counts requests of a limit that all workers share. It leases a hundredth of the limit at a time, so the workers together
 * never exceed it, and few requests wait for the primary. What other workers have leased and not used is refused: from 99 %
 * of the limit on, with two workers.
 */
export class LeasedCounts implements RequestCounts {
  readonly #lease: (key: string) => Promise<Lease>;
  readonly #rests = new Map<string, Rest>();
  readonly #leasing = new Map<string, Promise<void>>();

  constructor(lease: (key: string) => Promise<Lease>) {
    this.#lease = lease;
    setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  take(key: string): number | Promise<number> {
    const rest = this.#restOf(key);
    if (rest !== undefined && rest.events > 0) {
      rest.events -= 1;
      return 0;
    }
    if (rest?.isLast === true) return rest.until - performance.now();
    return this.#takeLater(key);
  }

  giveBack(key: string): void {
    const rest = this.#restOf(key);
    if (rest !== undefined) rest.events += 1;
  }

  async #takeLater(key: string): Promise<number> {
    await this.#leaseOnce(key);
    return await this.take(key);
  }

  #restOf(key: string): Rest | undefined {
    const rest = this.#rests.get(key);
    return rest !== undefined && performance.now() < rest.until ? rest : undefined;
  }

  /** Concurrent requests of a client wait for the same lease. */
  async #leaseOnce(key: string): Promise<void> {
    const leasing = this.#leasing.get(key) ?? this.#leaseMore(key);
    this.#leasing.set(key, leasing);
    await leasing;
  }

  async #leaseMore(key: string): Promise<void> {
    try {
      const { events, ms } = await this.#lease(key);
      const left = this.#restOf(key)?.events ?? 0;
      this.#rests.set(key, { events: left + events, until: performance.now() + ms, isLast: events === 0 });
    } finally {
      this.#leasing.delete(key);
    }
  }

  #sweep(): void {
    for (const key of this.#rests.keys()) if (this.#restOf(key) === undefined) this.#rests.delete(key);
  }
}
