import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
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

/** In seconds. The service is rarely quicker than the first, and never waited for longer than the last. */
const CALL_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];
/** Five seconds are the window of the service's limit. */
const WAIT_BUCKETS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/** Calls of the service and of its storage, and what stands before them. */
export function countUpstream(events: GatewayEvents, registers: Registry[]): void {
  const calls = new Counter({
    name: 'sigillo_upstream_calls_total',
    help: 'Calls of the service and its storage, repeats not counted. ok, or how it failed.',
    labelNames: ['operation', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'sigillo_upstream_call_duration_seconds',
    help: 'Of a call with its repeats and the pauses between them.',
    labelNames: ['operation'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const retries = new Counter({
    name: 'sigillo_upstream_retries_total',
    help: 'Calls made again, by how they had failed.',
    labelNames: ['operation', 'kind'],
    registers,
  });
  const collapsed = new Counter({
    name: 'sigillo_upstream_collapsed_reads_total',
    help: 'Reads answered by an identical one that was under way.',
    labelNames: ['operation'],
    registers,
  });
  const waits = new Histogram({
    name: 'sigillo_budget_wait_seconds',
    help: 'How long calls waited for a slot of the rate limiter.',
    labelNames: ['priority', 'outcome'],
    buckets: WAIT_BUCKETS,
    registers,
  });
  const breakers = new Gauge({
    name: 'sigillo_breaker_state',
    help: '1 for the state in which the circuit breaker of an origin is, 0 for the others.',
    labelNames: ['origin', 'state'],
    registers,
  });
  const changes = new Counter({
    name: 'sigillo_breaker_changes_total',
    help: 'How often the circuit breaker of an origin went into a state.',
    labelNames: ['origin', 'state'],
    registers,
  });
  const polls = new Counter({
    name: 'sigillo_polls_total',
    help: 'Reads of watched requests, and whether they had changed.',
    labelNames: ['changed'],
    registers,
  });
  const [operationOf, outcomeOf] = [bounded(UPSTREAM_OPERATIONS), bounded(CALL_OUTCOMES)];
  const [kindOf, originOf] = [bounded(FAILURE_KINDS), bounded(ORIGINS)];
  const [priorityOf, waitOutcomeOf] = [bounded(PRIORITIES), bounded(RATE_LIMITER_OUTCOMES)];
  const setBreaker = (origin: string, current: string): void => {
    for (const state of BREAKER_STATES) breakers.set({ origin, state }, state === current ? 1 : 0);
  };
  for (const origin of ORIGINS) setBreaker(origin, 'closed');
  for (const operation of UPSTREAM_OPERATIONS)
    for (const outcome of CALL_OUTCOMES) calls.inc({ operation, outcome }, 0);
  for (const priority of PRIORITIES)
    for (const outcome of RATE_LIMITER_OUTCOMES) waits.zero({ priority, outcome });

  events.on('upstreamCall', ({ operation, outcome, durationMs }) => {
    const labels = { operation: operationOf(operation) };
    calls.inc({ ...labels, outcome: outcomeOf(outcome) });
    durations.observe(labels, durationMs / 1000);
  });
  events.on('upstreamRetry', ({ operation, kind }) =>
    retries.inc({ operation: operationOf(operation), kind: kindOf(kind) }),
  );
  events.on('coalescedRead', ({ operation }) => collapsed.inc({ operation: operationOf(operation) }));
  events.on('rateLimiterWait', ({ priority, outcome, waitMs }) =>
    waits.observe({ priority: priorityOf(priority), outcome: waitOutcomeOf(outcome) }, waitMs / 1000),
  );
  events.on('breaker', ({ origin, state }) => {
    setBreaker(originOf(origin), state);
    changes.inc({ origin: originOf(origin), state });
  });
  events.on('poll', ({ changed }) => polls.inc({ changed: String(changed) }));
}
