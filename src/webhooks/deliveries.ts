import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';

import { DueLoop } from './due-loop.ts';
import type { WebhookEndpoint } from './endpoints.ts';
import { readMessage, writeMessage } from './messages.ts';
import type { Message } from './messages.ts';
import type { Sender } from './send.ts';
import type { QueuedMessage, WebhookStore } from './webhook-store.ts';

/**
 * Pauses after each failed attempt, in milliseconds: seconds for a receiver that restarts, hours for an outage. The last
 * one applies to all further attempts.
 */
export const PAUSES_MS: readonly number[] = [
  5_000,
  30_000,
  2 * 60_000,
  10 * 60_000,
  60 * 60_000,
  3 * 60 * 60_000,
];
/** Upper limit of a `Retry-After` of a receiver. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/**
 * The pause before the next attempt, with a jitter of 20 % so that failed events do not all return at once.
 * @param attempts failed attempts, from 1
 * @param retryAfterMs the `Retry-After` of the receiver
 */
export function pauseAfter(
  attempts: number,
  { pausesMs = PAUSES_MS, retryAfterMs = 0, random = Math.random } = {},
): number {
  const pauseMs = pausesMs[Math.min(attempts, pausesMs.length) - 1] ?? 0;
  return Math.max(Math.round(pauseMs * (0.8 + 0.4 * random())), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

export interface DeliveryTimes {
  /** How long the delivery of an event is retried, in milliseconds. */
  readonly giveUpMs: number;
  /** Pauses between attempts, in milliseconds. @default PAUSES_MS */
  readonly pausesMs?: readonly number[];
  /** How long one gateway holds a message: longer than an attempt can take. @default 60 000 */
  readonly leaseMs?: number;
}

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

/** Concurrent attempts at one endpoint, each for another request. */
const SLOTS = 4;
/** How often the store is polled when other gateways share it, and when this one knows all due times. */
const [SHARED_POLL_MS, OWN_POLL_MS] = [1_000, 60_000];

/**
 * Delivers the events of one endpoint. The events of a request are delivered in order: each one is retried until it is
 * accepted or given up before the next one is sent. Events of different requests have no order.
 */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #loop: DueLoop<QueuedMessage>;
  readonly #shutdown = new AbortController();
  readonly #log: Logger;
  #isDisabled = false;

  constructor(options: DeliveriesOptions) {
    const { store, endpoint, leaseMs = 60_000 } = options;
    this.#options = options;
    // The host only: the path of the URL may be a secret.
    this.#log = options.logger.child({ webhook: endpoint.position, host: endpoint.url.host });
    this.#loop = new DueLoop({
      slots: SLOTS,
      take: (count) => store.takeQueued(endpoint.id, count, leaseMs),
      work: (queued) => this.#deliver(queued),
      pollMs: store.isShared ? SHARED_POLL_MS : OWN_POLL_MS,
      onStore: options.onStore,
    });
  }

  /** Whether the receiver has answered 410. A disabled endpoint gets nothing until a restart. */
  get isDisabled(): boolean {
    return this.#isDisabled;
  }

  /** Polls the queue now, because a message may be due. */
  wake(): void {
    this.#loop.wake();
  }

  /** Starts no further attempts. */
  stop(): void {
    this.#loop.stop();
  }

  /** Aborts the running attempts. */
  abort(): void {
    this.#shutdown.abort();
  }

  ended(): Promise<void> {
    return this.#loop.ended();
  }

  async #deliver(queued: QueuedMessage): Promise<void> {
    const { endpoint, store, sender, events } = this.#options;
    if (this.#isDisabled) return;
    const message = readMessage(queued.message);
    if (message === undefined) return this.#dropUnreadable(queued);
    const sent = await sender.send(endpoint, message, this.#shutdown.signal);
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
        if (!this.#isDisabled) this.#log.error(facts, 'webhook answered 410: disabled until a restart');
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

  /** An unreadable message cannot be sent, and must not block the messages behind it. */
  async #dropUnreadable(queued: QueuedMessage): Promise<void> {
    const { endpoint, store, events } = this.#options;
    await store.drop(endpoint.id, queued);
    events.emit('webhook', { outcome: 'given-up', attempt: 0 });
    this.#log.error('webhook given up: the stored message is not readable');
  }

  async #fail(
    queued: QueuedMessage,
    message: Message,
    { reason, retryAfterMs = 0 }: { readonly reason: string; readonly retryAfterMs?: number },
  ): Promise<void> {
    const { endpoint, store, events, giveUpMs, pausesMs, now } = this.#options;
    const attempts = message.attempts + 1;
    const pauseMs = pauseAfter(attempts, { pausesMs, retryAfterMs });
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
