import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { GatewayEvents } from '../events.ts';
import { bounded, IDEMPOTENCY_OUTCOMES, WEBHOOK_OUTCOMES } from './labels.ts';

export interface SideEffectGauges {
  /** Undefined while the count is unknown. */
  readonly webhooksQueued: () => Promise<number | undefined>;
}

/** Idempotent mutations, webhooks, and the release. */
export function countSideEffects(
  events: GatewayEvents,
  registers: Registry[],
  { version, webhooksQueued }: SideEffectGauges & { readonly version: string },
): void {
  const idempotency = new Counter({
    name: 'sigillo_idempotency_total',
    help: 'Mutations with an idempotency key, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const webhooks = new Counter({
    name: 'sigillo_webhook_deliveries_total',
    help: 'Webhook deliveries: attempts by outcome, and events given up.',
    labelNames: ['outcome'],
    registers,
  });
  new Gauge({
    name: 'sigillo_webhooks_queued',
    help: 'Requests with undelivered webhook events, counted once for each endpoint. -1: Redis is unavailable.',
    aggregator: 'max',
    registers,
    async collect() {
      this.set((await webhooksQueued()) ?? -1);
    },
  });
  const build = new Gauge({
    name: 'sigillo_build_info',
    help: 'Always 1; the label is the release.',
    labelNames: ['version'],
    aggregator: 'max',
    registers,
  });
  build.set({ version }, 1);
  const [idempotencyOf, webhookOf] = [bounded(IDEMPOTENCY_OUTCOMES), bounded(WEBHOOK_OUTCOMES)];
  for (const outcome of IDEMPOTENCY_OUTCOMES) idempotency.inc({ outcome }, 0);
  for (const outcome of WEBHOOK_OUTCOMES) webhooks.inc({ outcome }, 0);

  events.on('idempotency', ({ outcome }) => idempotency.inc({ outcome: idempotencyOf(outcome) }));
  events.on('webhook', ({ outcome }) => webhooks.inc({ outcome: webhookOf(outcome) }));
}
