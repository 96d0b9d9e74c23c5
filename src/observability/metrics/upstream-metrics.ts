import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { FrequentCounter, FrequentHistogram } from './series.ts';
import {
  bounded,
  BREAKER_STATES,
  RATE_LIMITER_OUTCOMES,
  CALL_OUTCOMES,
  FAILURE_KINDS,
  ORIGINS,
  PRIORITIES,
  UPSTREAM_OPERATIONS,
} from './labels.ts';

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
