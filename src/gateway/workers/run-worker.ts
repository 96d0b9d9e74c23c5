import { z } from 'zod';
import type { Config } from '../../config/load.ts';
import type { Lease, RequestCounts } from '../../http/rate-limit.ts';
import type { MetricsSnapshot } from '../../observability/metrics/start-metrics.ts';
import type { Primary } from '../parts.ts';
import { mistakeOf } from '../start-messages.ts';
import { Peer } from './peer.ts';

/** A gateway that runs in this process. */
export interface Running {
  readonly url: string;
  close(): Promise<void>;
}

const nothing = z.unknown();
const leaseRules = z.object({ events: z.number(), ms: z.number() });
const reachedRules = z.enum(['of-caller', 'of-all']).optional();

/**
 * Runs the gateway of a worker until its primary or a signal stops it, and reports its start, or the mistake that prevents it,
 * to the primary. Signals reach a worker as well as its primary when a terminal or a supervisor sends them to a group, so
 * further ones do not count.
 */
export async function runWorker(start: (primary: Primary) => Promise<Running>): Promise<void> {
  let readMetrics = (): Promise<MetricsSnapshot> => Promise.resolve([]);
  let gateway: Running | undefined;
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // An uncaught rejection ends the process with exit code 1.
    void (gateway?.close() ?? Promise.resolve()).then(() => process.exit(0));
  };
  const peer = new Peer(process, { stop, metrics: () => readMetrics(), ping: () => undefined });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  try {
    gateway = await start({
      requestCounts: new LeasedCounts((key) => peer.call('lease', key, leaseRules)),
      streamCounts: {
        open: (key) => peer.call('openStream', key, reachedRules),
        close: (key) => void peer.call('closeStream', key, nothing),
      },
      provideMetrics: (read) => (readMetrics = read),
    });
  } catch (error) {
    const mistake = mistakeOf(error);
    if (mistake === undefined) throw error;
    await peer.call('failed', mistake, nothing);
    process.exit(1);
  }
  await peer.call('ready', gateway.url, nothing);
}

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

/** The configuration of one of several workers: an equal part of each limit that is enforced by the process, at least 1. */
export function shareOf(config: Config): Config {
  const { workers, load, inspection, watching } = config;
  const partOf = (all: number): number => Math.ceil(all / workers);
  return {
    ...config,
    upstreamConnections: partOf(config.upstreamConnections),
    load: { ...load, requestsInFlight: partOf(load.requestsInFlight) },
    inspection: { ...inspection, threads: partOf(inspection.threads) },
    watching: { ...watching, pollsPerSecond: watching.pollsPerSecond / workers },
  };
}
