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
  BREAKER_STATES,
  RATE_LIMITER_OUTCOMES,
  CALL_OUTCOMES,
  FAILURE_KINDS,
  ORIGINS,
  PRIORITIES,
  UPSTREAM_OPERATIONS,
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

/** In seconds. The service is rarely faster than the first, and no call waits longer than the last. */
const CALL_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];
/** In seconds. The window of the rate budget has five. */
const WAIT_BUCKETS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Calls to the service and its storage, and the rate limiter and circuit breakers in front of them. */
export function countUpstream(events: GatewayEvents, registers: Registry[]): void {
  countCalls(events, registers);
  measureWaits(events, registers);
  showBreakers(events, registers);
  countPolls(events, registers);
}

function countCalls(events: GatewayEvents, registers: Registry[]): void {
  const calls = new FrequentCounter({
    name: 'sigillo_upstream_calls_total',
    help: 'Calls to the service and its storage, without retries, by outcome: ok or the kind of failure.',
    labelNames: ['operation', 'outcome'],
    registers,
  });
  const durations = new FrequentHistogram({
    name: 'sigillo_upstream_call_duration_seconds',
    help: 'Duration of a call with its retries and the pauses between them.',
    labelNames: ['operation'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const retries = new Counter({
    name: 'sigillo_upstream_retries_total',
    help: 'Retries, by the kind of the failure.',
    labelNames: ['operation', 'kind'],
    registers,
  });
  const coalesced = new Counter({
    name: 'sigillo_upstream_coalesced_reads_total',
    help: 'Reads coalesced with an identical one in progress.',
    labelNames: ['operation'],
    registers,
  });
  const cached = new Counter({
    name: 'sigillo_upstream_cached_reads_total',
    help: 'Reads answered with a kept signature request.',
    labelNames: ['operation'],
    registers,
  });
  const [operationOf, outcomeOf] = [bounded(UPSTREAM_OPERATIONS), bounded(CALL_OUTCOMES)];
  const kindOf = bounded(FAILURE_KINDS);
  for (const operation of UPSTREAM_OPERATIONS)
    for (const outcome of CALL_OUTCOMES) calls.count([operation, outcome], 0);

  events.on('upstreamCall', ({ operation, outcome, durationMs }) => {
    const name = operationOf(operation);
    calls.count([name, outcomeOf(outcome)]);
    durations.add([name], durationMs / 1000);
  });
  events.on('upstreamRetry', ({ operation, kind }) =>
    retries.inc({ operation: operationOf(operation), kind: kindOf(kind) }),
  );
  events.on('coalescedRead', ({ operation }) => coalesced.inc({ operation: operationOf(operation) }));
  events.on('cachedRead', ({ operation }) => cached.inc({ operation: operationOf(operation) }));
}

function measureWaits(events: GatewayEvents, registers: Registry[]): void {
  const waits = new FrequentHistogram({
    name: 'sigillo_budget_wait_seconds',
    help: 'How long calls waited for a slot of the rate limiter.',
    labelNames: ['priority', 'outcome'],
    buckets: WAIT_BUCKETS,
    registers,
  });
  const [priorityOf, outcomeOf] = [bounded(PRIORITIES), bounded(RATE_LIMITER_OUTCOMES)];
  for (const priority of PRIORITIES)
    for (const outcome of RATE_LIMITER_OUTCOMES) waits.begin([priority, outcome]);
  events.on('rateLimiterWait', ({ priority, outcome, waitMs }) =>
    waits.add([priorityOf(priority), outcomeOf(outcome)], waitMs / 1000),
  );
}

function showBreakers(events: GatewayEvents, registers: Registry[]): void {
  const states = new Gauge({
    name: 'sigillo_breaker_state',
    help: '1 for the current state of the circuit breaker of an origin, 0 for the others.',
    labelNames: ['origin', 'state'],
    aggregator: 'max',
    registers,
  });
  const changes = new Counter({
    name: 'sigillo_breaker_changes_total',
    help: 'State changes of the circuit breaker of an origin.',
    labelNames: ['origin', 'state'],
    registers,
  });
  const originOf = bounded(ORIGINS);
  const show = (origin: string, current: string): void => {
    for (const state of BREAKER_STATES) states.set({ origin, state }, state === current ? 1 : 0);
  };
  for (const origin of ORIGINS) show(origin, 'closed');
  events.on('breaker', ({ origin, state }) => {
    show(originOf(origin), state);
    changes.inc({ origin: originOf(origin), state });
  });
}

function countPolls(events: GatewayEvents, registers: Registry[]): void {
  const polls = new Counter({
    name: 'sigillo_polls_total',
    help: 'Polls of watched requests, by whether the request had changed.',
    labelNames: ['changed'],
    registers,
  });
  events.on('poll', ({ changed }) => polls.inc({ changed: String(changed) }));
}
