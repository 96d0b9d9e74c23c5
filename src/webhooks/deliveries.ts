import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';
import { PAUSES_MS, pauseAfter } from './backoff.ts';
import { DueLoop } from './due-loop.ts';
import type { WebhookEndpoint } from './endpoints.ts';
import { readMessage, writeMessage } from './messages.ts';
import type { Message } from './messages.ts';
import type { Sender } from './send.ts';
import type { QueuedMessage, WebhookStore } from './webhook-store.ts';

export interface DeliveryTimes {
  /** How long an event is tried, from when it was found, in milliseconds. @default 24 hours */
  readonly giveUpMs: number;
  /** See `PAUSES_MS`. */
  readonly pausesMs: readonly number[];
  /** Longer than an attempt can take: meanwhile no other gateway makes it. @default 60 000 */
  readonly leaseMs: number;
}

export const DELIVERY_TIMES: DeliveryTimes = {
  giveUpMs: 24 * 60 * 60_000,
  pausesMs: PAUSES_MS,
  leaseMs: 60_000,
};

export interface DeliveriesOptions extends DeliveryTimes {
  readonly endpoint: WebhookEndpoint;
  readonly store: WebhookStore;
  readonly sender: Sender;
  readonly events: GatewayEvents;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onStore: (failure: unknown) => void;
}

/** Attempts at one endpoint at the same time, each of another request. */
const SLOTS = 4;
/** How often a shared queue is looked at, into which other gateways put something; and one of our own, whose times we know. */
const [SHARED_LOOK_MS, OWN_LOOK_MS] = [1_000, 60_000];

/**
 * Brings one endpoint its events: those of a request one after another, each until it is taken or given up; those of
 * different requests in no order.
 */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #loop: DueLoop<QueuedMessage>;
  readonly #ending = new AbortController();
  readonly #log: Logger;
  #isDisabled = false;

  constructor(options: DeliveriesOptions) {
    const { store, endpoint } = options;
    this.#options = options;
    // Not the address: its path may be a secret.
    this.#log = options.logger.child({ webhook: endpoint.position, host: endpoint.url.host });
    this.#loop = new DueLoop({
      slots: SLOTS,
      take: (count) => store.takeQueued(endpoint.id, count, options.leaseMs),
      work: (queued) => this.#deliver(queued),
      lookMs: store.isShared ? SHARED_LOOK_MS : OWN_LOOK_MS,
      onStore: options.onStore,
    });
  }

  /** Whether it has said that it wants no more: nothing is sent to it until a restart. */
  get isDisabled(): boolean {
    return this.#isDisabled;
  }

  /** Something may be due. */
  kick(): void {
    this.#loop.kick();
  }

  /** Begins no more attempts. */
  stop(): void {
    this.#loop.stop();
  }

  /** Those that are under way are not waited for any longer. */
  abort(): void {
    this.#ending.abort();
  }

  ended(): Promise<void> {
    return this.#loop.ended();
  }

  async #deliver(queued: QueuedMessage): Promise<void> {
    const { endpoint, store, sender, events } = this.#options;
    if (this.#isDisabled) return;
    const message = readMessage(queued.message);
    if (message === undefined) return this.#dropUnreadable(queued);
    const sent = await sender.send(endpoint, message, this.#ending.signal);
    const attempt = message.attempts + 1;
    const facts = { webhookId: message.id, type: message.type, attempt };
    switch (sent.kind) {
      case 'delivered':
        events.emit('webhook', { outcome: 'delivered', attempt });
        this.#log.info({ ...facts, status: sent.status }, 'webhook delivered');
        await store.drop(endpoint.id, queued);
        return;
      case 'gone':
        events.emit('webhook', { outcome: 'failed', attempt });
        if (!this.#isDisabled) this.#log.error(facts, 'the webhook answers 410: disabled until a restart');
        this.#isDisabled = true;
        this.#loop.stop();
        return;
      case 'failed':
        events.emit('webhook', { outcome: 'failed', attempt });
        return this.#fail(queued, message, sent);
      case 'aborted':
        await store.retry(endpoint.id, queued, queued.message, 0);
    }
  }

  /** What cannot be read can never be sent, and must not keep what follows it from being sent. */
  async #dropUnreadable(queued: QueuedMessage): Promise<void> {
    const { endpoint, store, events } = this.#options;
    await store.drop(endpoint.id, queued);
    events.emit('webhook', { outcome: 'given-up', attempt: 0 });
    this.#log.error('a webhook cannot be read where it is kept: given up');
  }

  async #fail(
    queued: QueuedMessage,
    message: Message,
    { reason, retryAfterMs = 0 }: { readonly reason: string; readonly retryAfterMs?: number },
  ): Promise<void> {
    const { endpoint, store, events, giveUpMs, pausesMs, now } = this.#options;
    const attempts = message.attempts + 1;
    const pauseMs = pauseAfter(attempts, { pausesMs, askedMs: retryAfterMs });
    const facts = { webhookId: message.id, type: message.type, attempt: attempts, reason };
    if (now() + pauseMs < message.at + giveUpMs) {
      this.#log.warn({ ...facts, retryInSeconds: Math.round(pauseMs / 1000) }, 'webhook not delivered');
      await store.retry(endpoint.id, queued, writeMessage({ ...message, attempts }), pauseMs);
      return;
    }
    events.emit('webhook', { outcome: 'given-up', attempt: attempts });
    this.#log.error(facts, 'webhook given up');
    await store.drop(endpoint.id, queued);
  }
}
