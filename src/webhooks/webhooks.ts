import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';
import type { Queues } from '../observability/queues.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import type { StatusWatcher } from '../watching/status-watcher.ts';
import { ChangeDetector } from './change-detector.ts';
import type { WatchPace, WatchSource } from './change-detector.ts';
import { Deliveries } from './deliveries.ts';
import type { DeliveryTimes } from './deliveries.ts';
import type { WebhookEndpoint } from './endpoints.ts';
import { MemoryWebhookStore, WebhookStoreError } from './webhook-store.ts';
import { RedisWebhookStore } from './redis-webhook-store.ts';
import type { ProxyFor } from '../upstream/connect-through.ts';
import { WebhookSender } from './send.ts';
import type { Sender, SenderOptions } from './send.ts';
import type { WebhookStore } from './webhook-store.ts';

/** The webhook settings of a gateway. */
export interface WebhookOptions {
  readonly endpoints: readonly WebhookEndpoint[];
  readonly pace: WatchPace;
  readonly times: DeliveryTimes;
  readonly sending?: Pick<SenderOptions, 'timeoutMs'>;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export interface WebhooksParts {
  /** Without Redis, webhooks are kept in memory and lost with the process. */
  readonly redis: RedisConnection | undefined;
  /** The upstream service. */
  readonly realm: string;
  readonly proxyFor: ProxyFor;
  /** The watcher of a tenant; undefined if the tenant has no key. */
  readonly watcherOf: (tenant: string | undefined) => StatusWatcher | undefined;
  readonly events: GatewayEvents;
  readonly queues: Queues;
  readonly logger: Logger;
}

/** The calls that resolvers make to the webhooks of one tenant. */
export interface RequestHooks {
  /** Starts watching a request that is about to be marked READY. Never fails. */
  watch(request: SignatureRequest): Promise<void>;
  /** Reports the current state of a request, if it is watched. */
  record(request: SignatureRequest): void;
}

/** The hooks of a tenant without webhooks. */
export const NO_HOOKS: RequestHooks = { watch: async () => {}, record: () => {} };

interface Delivery {
  readonly endpoint: WebhookEndpoint;
  readonly sender: Sender;
  readonly loop: Deliveries;
}

/** The webhooks of a gateway: detects changes of watched requests and delivers them to the endpoints. */
export class Webhooks {
  readonly #store: WebhookStore;
  readonly #endpoints: readonly WebhookEndpoint[];
  readonly #deliveries: readonly Delivery[];
  readonly #detector: ChangeDetector;
  readonly #sources = new Map<string | undefined, WatchSource>();
  readonly #logger: Logger;
  #abortTimer: NodeJS.Timeout | undefined;

  constructor(options: WebhookOptions & WebhooksParts) {
    const { endpoints, pace, times, redis, realm, events, logger, now = Date.now } = options;
    this.#endpoints = endpoints;
    this.#logger = logger;
    const store =
      redis === undefined
        ? new MemoryWebhookStore(options.now && { now: options.now })
        : new RedisWebhookStore(redis, { realm });
    this.#store = store;
    const shared = { store, events, logger, now, onStore: storeLog(logger) };
    this.#deliveries = endpoints.map((endpoint) => {
      // One sender each, so that a hanging endpoint does not take the connections of another one at the same origin.
      const sender = new WebhookSender({ ...options.sending, proxyFor: options.proxyFor, now });
      return { endpoint, sender, loop: new Deliveries({ ...shared, ...times, endpoint, sender }) };
    });
    this.#detector = new ChangeDetector({
      ...shared,
      sourceOf: (tenant) => this.#sources.get(tenant),
      pace,
      onQueued: () => this.#wakeDeliveries(),
    });
    this.#addSources(options.watcherOf);
    this.#addQueues(options.queues);
    if (endpoints.length > 0) this.#detector.start();
    this.#wakeDeliveries();
  }

  /** The hooks of one tenant. */
  of(tenant: string | undefined): RequestHooks {
    return this.#sources.has(tenant) ? this.#hooksOf(tenant) : NO_HOOKS;
  }

  /** Requests with undelivered events, counted once per endpoint; undefined while the store is unavailable. */
  async countQueued(): Promise<number | undefined> {
    try {
      const counts = await Promise.all(this.#endpoints.map(({ id }) => this.#store.countQueued(id)));
      return counts.reduce((sum, count) => sum + count, 0);
    } catch {
      return undefined;
    }
  }

  /** Starts no further read or attempt, and aborts running attempts after `graceMs`. */
  stop(graceMs: number): void {
    if (this.#abortTimer !== undefined) return;
    this.#detector.stop();
    for (const { loop } of this.#deliveries) loop.stop();
    this.#abortTimer = setTimeout(() => {
      for (const { loop } of this.#deliveries) loop.abort();
    }, graceMs);
  }

  /** Resolves when all attempts have ended. Without a previous `stop`, running attempts are aborted at once. */
  async close(): Promise<void> {
    this.stop(0);
    await Promise.all([this.#detector.ended(), ...this.#deliveries.map(({ loop }) => loop.ended())]);
    clearTimeout(this.#abortTimer);
    const lost = this.#store.isShared ? 0 : await this.countQueued();
    if (lost !== undefined && lost > 0)
      this.#logger.warn({ lost }, 'undelivered webhooks are lost: set REDIS_URL to keep them');
    await Promise.all(this.#deliveries.map(({ sender }) => sender.close()));
  }

  #addSources(watcherOf: WebhooksParts['watcherOf']): void {
    for (const tenant of new Set(this.#endpoints.map((endpoint) => endpoint.tenant))) {
      const watcher = watcherOf(tenant);
      if (watcher === undefined) continue;
      const own = this.#deliveries.filter(({ endpoint }) => endpoint.tenant === tenant);
      this.#sources.set(tenant, {
        watcher,
        endpoints: () => own.flatMap(({ endpoint, loop }) => (loop.isDisabled ? [] : [endpoint.id])),
      });
      watcher.setGlobalListener({
        read: this.#hooksOf(tenant).record,
        invalidated: (id) => this.#detector.pollNow({ tenant, id }),
      });
    }
  }

  #addQueues(queues: Queues): void {
    const store = this.#store;
    if (this.#endpoints.length > 0) queues.add('watched-requests', () => store.oldestWatchedMs());
    for (const { endpoint, loop } of this.#deliveries)
      queues.add('webhooks', () => (loop.isDisabled ? 0 : store.oldestQueuedMs(endpoint.id)));
  }

  #hooksOf(tenant: string | undefined): RequestHooks {
    return {
      watch: (request) => this.#detector.watch({ tenant, id: request.id }, request),
      record: (request) => this.#detector.record({ tenant, id: request.id }, request),
    };
  }

  #wakeDeliveries(): void {
    for (const { loop } of this.#deliveries) loop.wake();
  }
}

/** Logs once when webhooks pause because of a failure, and once when they resume. */
function storeLog(logger: Logger): (failure: unknown) => void {
  let isUp = true;
  return (failure) => {
    // The gateway logs an unavailable Redis itself.
    if (failure instanceof WebhookStoreError) return;
    if ((failure === undefined) === isUp) return;
    isUp = failure === undefined;
    if (isUp) logger.info('webhooks resumed');
    else {
      const name = failure instanceof Error ? failure.name : typeof failure;
      logger.error({ name }, 'webhooks paused: their state cannot be read or written');
    }
  };
}
