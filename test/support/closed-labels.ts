import * as labels from '../../src/observability/metrics/labels.ts';
import { operationNames } from '../../src/graphql/operation-record.ts';
import { QUEUES } from '../../src/observability/queues.ts';
import { ERROR_CODES } from '../../src/resolvers/errors/codes.ts';
import { schema } from '../../src/schema/index.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** Every value that each label of Sigillo may have. */
export const CLOSED_LABELS: Readonly<Record<string, readonly string[]>> = {
  type: labels.OPERATION_TYPES,
  operation: [...operationNames(schema), ...labels.UPSTREAM_OPERATIONS, labels.OTHER],
  outcome: [
    ...labels.OPERATION_OUTCOMES,
    ...labels.CALL_OUTCOMES,
    ...labels.UPLOAD_OUTCOMES,
    ...labels.RATE_LIMITER_OUTCOMES,
    ...labels.IDEMPOTENCY_OUTCOMES,
    ...labels.WEBHOOK_OUTCOMES,
    labels.OTHER,
  ],
  code: [...ERROR_CODES, labels.OTHER],
  status: [...labels.STATUSES, 'left', labels.OTHER],
  reason: labels.TURNED_AWAY_REASONS,
  dependency: labels.DEPENDENCIES,
  kind: [...labels.FAILURE_KINDS, labels.OTHER],
  priority: labels.PRIORITIES,
  origin: labels.ORIGINS,
  state: labels.BREAKER_STATES,
  changed: ['true', 'false'],
  queue: QUEUES,
  version: [packageJson.version],
};
