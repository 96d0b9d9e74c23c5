import { z } from 'zod';
import type { IdempotencyTimes } from '../idempotency/idempotency.ts';
import { parseRedisUrl, REDIS_URL_FORM } from '../redis/address.ts';
import type { WebhookEndpoint } from '../webhooks/endpoints.ts';
import type { WebhookOptions } from '../webhooks/webhooks.ts';
import { filled, wholeNumber } from './validators.ts';
import type { Values } from './validators.ts';

/** State that outlives a request, and where it is stored. */
export interface PersistenceConfig {
  /** May contain a password. Undefined: state is kept in memory. */
  readonly redisUrl: string | undefined;
  readonly idempotency: IdempotencyTimes;
  readonly webhooks: WebhookOptions;
}

export const persistenceVariables = {
  REDIS_URL: z
    .string()
    .refine((text) => parseRedisUrl(text) !== undefined, REDIS_URL_FORM)
    .optional()
    .describe(
      'Redis for the state that gateways share and that survives a restart, for example `redis://localhost:6379/0`. `rediss:` uses TLS. Nodes of a cluster are separated by commas, or one of them is enough; `redis+sentinel://host,host/name/0` asks sentinels. See [Redis](../operations.md#redis).',
    ),
  IDEMPOTENCY_HOURS: wholeNumber(1, 168)
    .default(24)
    .describe('How long the outcome of an idempotency key is kept.'),
  IDEMPOTENCY_SETTLE_SECONDS: wholeNumber(0, 600)
    .default(15)
    .describe(
      'How long the service may still be processing a call that it did not answer. A retry that finds no result after that time makes the call again.',
    ),
  WEBHOOKS_FILE: filled
    .optional()
    .describe(
      'JSON file with the URLs and secrets of webhook endpoints. See [webhooks](../guide/webhooks.md).',
    ),
  WEBHOOK_GIVE_UP_HOURS: wholeNumber(1, 168)
    .default(24)
    .describe('How long the delivery of an event is retried.'),
  WEBHOOK_MAX_PAUSE_SECONDS: wholeNumber(1, 3_600)
    .default(300)
    .describe(
      'Longest pause between two reads of a request that is watched for webhooks and does not change.',
    ),
};

const HOUR_MS = 60 * 60_000;

/** @param endpoints the content of the webhooks file */
export function persistenceConfigOf(
  values: Values<typeof persistenceVariables>,
  endpoints: readonly WebhookEndpoint[] = [],
): PersistenceConfig {
  return {
    redisUrl: values.REDIS_URL,
    idempotency: {
      ttl: values.IDEMPOTENCY_HOURS * HOUR_MS,
      settle: values.IDEMPOTENCY_SETTLE_SECONDS * 1000,
    },
    webhooks: {
      endpoints,
      times: { giveUpMs: values.WEBHOOK_GIVE_UP_HOURS * HOUR_MS },
      pace: { mostMs: values.WEBHOOK_MAX_PAUSE_SECONDS * 1000 },
    },
  };
}
