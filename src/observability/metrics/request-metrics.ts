import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { ERROR_CODES } from '../../resolvers/errors/codes.ts';
import type { GatewayEvents } from '../events.ts';
import {
  bounded,
  DEPENDENCIES,
  STATUSES,
  TURNED_AWAY_REASONS,
  OPERATION_OUTCOMES,
  OPERATION_TYPES,
} from './labels.ts';
import { FrequentCounter, FrequentHistogram } from './series.ts';

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

/** In seconds, from a coalesced read to the longest `waitSeconds`. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];

export function countOperations(
  events: GatewayEvents,
  registers: Registry[],
  operationNames: readonly string[],
): void {
  const operations = new FrequentCounter({
    name: 'sigillo_operations_total',
    help: 'GraphQL operations. refused: the caller can fix it; failed: the caller cannot; left: the caller did not wait.',
    labelNames: ['type', 'operation', 'outcome'],
    registers,
  });
  const durations = new FrequentHistogram({
    name: 'sigillo_operation_duration_seconds',
    help: 'From the start of the execution of a query or mutation to its answer, including waits.',
    labelNames: ['type', 'operation'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'sigillo_errors_total',
    help: 'Errors sent, by their code, in results and at the top level.',
    labelNames: ['code'],
    registers,
  });
  const [typeOf, nameOf] = [bounded(OPERATION_TYPES), bounded(operationNames)];
  const [outcomeOf, codeOf] = [bounded(OPERATION_OUTCOMES), bounded(ERROR_CODES)];
  // Prometheus sees increases only of existing series, so each starts at 0.
  for (const code of ERROR_CODES) errors.inc({ code }, 0);

  events.on('operation', ({ type, name, outcome, durationMs }) => {
    const labels = [typeOf(type), nameOf(name)];
    operations.count([...labels, outcomeOf(outcome)]);
    if (type === 'query' || type === 'mutation') durations.add(labels, durationMs / 1000);
  });
  events.on('errorAnswered', ({ code }) => errors.inc({ code: codeOf(code) }));
}
