import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { FrequentCounter } from './series.ts';
import { bounded, DEPENDENCIES, STATUSES, TURNED_AWAY_REASONS } from './labels.ts';

export interface RequestGauges {
  readonly requestsInFlight: () => number;
  readonly openStreams: () => number;
  readonly watchedRequests: () => number;
  /** The names of the readiness checks. */
  readonly dependencies: readonly string[];
}

export function countRequests(
  events: GatewayEvents,
  registers: Registry[],
  { requestsInFlight, openStreams, watchedRequests, dependencies }: RequestGauges,
): void {
  const responses = new FrequentCounter({
    name: 'sigillo_http_responses_total',
    help: 'Answers by HTTP status, or left when the client left first. Without probes.',
    labelNames: ['status'],
    registers,
  });
  const turnedAway = new Counter({
    name: 'sigillo_requests_turned_away_total',
    help: 'Requests refused with 503 before they were read.',
    labelNames: ['reason'],
    registers,
  });
  const usable = new Gauge({
    name: 'sigillo_dependency_up',
    help: '1 if the last readiness check reached it, or none has run yet.',
    labelNames: ['dependency'],
    aggregator: 'min',
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
    help: 'Open event streams (subscriptions).',
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  new Gauge({
    name: 'sigillo_watched_requests',
    help: 'Signature requests that clients watch or wait for.',
    registers,
    collect() {
      this.set(watchedRequests());
    },
  });
  const [statusOf, reasonOf] = [bounded([...STATUSES, 'left']), bounded(TURNED_AWAY_REASONS)];
  const dependencyOf = bounded(DEPENDENCIES);
  for (const reason of TURNED_AWAY_REASONS) turnedAway.inc({ reason }, 0);
  for (const name of dependencies) usable.set({ dependency: dependencyOf(name) }, 1);

  events.on('response', ({ status }) => responses.count([statusOf(status)]));
  events.on('turnedAway', ({ reason }) => turnedAway.inc({ reason: reasonOf(reason) }));
  events.on('dependency', ({ name, isUsable }) =>
    usable.set({ dependency: dependencyOf(name) }, isUsable ? 1 : 0),
  );
}
