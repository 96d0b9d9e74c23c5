import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { bounded, DEPENDENCIES, STATUSES, TURNED_AWAY_REASONS } from './labels.ts';

export interface RequestGauges {
  readonly requestsInFlight: () => number;
  readonly openStreams: () => number;
  readonly watchedRequests: () => number;
  /** Names of what readiness looks at. */
  readonly dependencies: readonly string[];
}

export function countRequests(
  events: GatewayEvents,
  registers: Registry[],
  { requestsInFlight, openStreams, watchedRequests, dependencies }: RequestGauges,
): void {
  const responses = new Counter({
    name: 'sigillo_http_responses_total',
    help: 'Answers by HTTP status, and clients who left before theirs (left). Probes do not count.',
    labelNames: ['status'],
    registers,
  });
  const turnedAway = new Counter({
    name: 'sigillo_requests_turned_away_total',
    help: 'Requests refused with 503 before anything was done for them.',
    labelNames: ['reason'],
    registers,
  });
  const usable = new Gauge({
    name: 'sigillo_dependency_up',
    help: '1 when /ready could reach it the last time it looked. Nobody asks for /ready: 1.',
    labelNames: ['dependency'],
    registers,
  });
  new Gauge({
    name: 'sigillo_requests_in_flight',
    help: 'Requests that have come and are not answered; streams of events do not count.',
    registers,
    collect() {
      this.set(requestsInFlight());
    },
  });
  new Gauge({
    name: 'sigillo_event_streams_open',
    help: 'Streams of events (subscriptions) that are open.',
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  new Gauge({
    name: 'sigillo_watched_requests',
    help: 'Signature requests that somebody watches or waits for.',
    registers,
    collect() {
      this.set(watchedRequests());
    },
  });
  const [statusOf, reasonOf] = [bounded([...STATUSES, 'left']), bounded(TURNED_AWAY_REASONS)];
  const dependencyOf = bounded(DEPENDENCIES);
  for (const reason of TURNED_AWAY_REASONS) turnedAway.inc({ reason }, 0);
  for (const name of dependencies) usable.set({ dependency: dependencyOf(name) }, 1);

  events.on('response', ({ status }) => responses.inc({ status: statusOf(status) }));
  events.on('turnedAway', ({ reason }) => turnedAway.inc({ reason: reasonOf(reason) }));
  events.on('dependency', ({ name, isUsable }) =>
    usable.set({ dependency: dependencyOf(name) }, isUsable ? 1 : 0),
  );
}
