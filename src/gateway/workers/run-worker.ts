import { z } from 'zod';
import type { MetricsSnapshot } from '../../observability/metrics/worker-metrics.ts';
import type { Primary } from '../gateway-options.ts';
import { mistakeOf } from '../mistakes.ts';
import { LeasedCounts } from './leased-counts.ts';
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
