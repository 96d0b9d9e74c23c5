import type { Config } from '../../config/load.ts';

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
