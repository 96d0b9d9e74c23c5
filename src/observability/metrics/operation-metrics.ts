import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { FrequentCounter, FrequentHistogram } from './series.ts';
import { ERROR_CODES } from '../../resolvers/errors/codes.ts';
import { bounded, OPERATION_OUTCOMES, OPERATION_TYPES } from './labels.ts';

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
