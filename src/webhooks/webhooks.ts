import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';
import type { StatusWatcher } from '../watching/status-watcher.ts';
import type { Queues } from '../observability/queues.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { Deliveries, DELIVERY_TIMES } from './deliveries.ts';
import type { DeliveryTimes } from './deliveries.ts';
import type { WebhookEndpoint } from './endpoints.ts';
import { createMemoryStore } from './memory-webhook-store.ts';
import { createRedisStore } from './redis-webhook-store.ts';
import { createSender } from './send.ts';
import type { SenderOptions } from './send.ts';
import { WebhookStoreError } from './webhook-store.ts';
import type { WebhookStore } from './webhook-store.ts';
import { WATCH_PACE, WatchedRequests } from './change-detector.ts';
import type { WatchPace, WatchSource } from './change-detector.ts';

export interface WebhookOptions {
  readonly endpoints: readonly WebhookEndpoint[];
  readonly pace?: Partial<WatchPace>;
  readonly times?: Partial<DeliveryTimes>;
  readonly sending?: Pick<SenderOptions, 'timeoutMs'>;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

export interface OpenOptions extends WebhookOptions {
  /** Without one, all is kept in this process and lost with it. */
  readonly redis: RedisConnection | undefined;
  /** The service that is watched. */
  readonly realm: string;
  /** Undefined for a tenant that there is no key for. */
  readonly watcherOf: (tenant: string | undefined) => StatusWatcher | undefined;
  readonly events: GatewayEvents;
  readonly queues: Queues;
  readonly logger: Logger;
}

/** What resolvers tell of the requests of one tenant. */
export interface RequestHooks {
  /** A request is about to be marked READY, or was before. Never fails. */
  watch(request: SignatureRequest): Promise<void>;
  /** How a request stands now. */
  note(request: SignatureRequest): void;
}

/** Nobody wants to hear. */
export const NO_HOOKS: RequestHooks = { watch: async () => {}, note: () => {} };

export interface Webhooks {
  of(tenant: string | undefined): RequestHooks;
  /** Pairs of a request and an endpoint with something on the way. Undefined: nobody knows at the moment. */
  countQueued(): Promise<number | undefined>;
  /** Something may be due. */
  kick(): void;
  /** Begins nothing more. What is being delivered has so long to arrive. */
  stop(graceMs: number): void;
  /** Ends when that is over; without a `stop` before, at once. */
  close(): Promise<void>;
}

/** The webhooks of a gateway: finds what happens to requests, and tells it to the endpoints. */
export function openWebhooks(options: OpenOptions): Webhooks {
  const { endpoints, redis, realm, watcherOf, events, logger, now = Date.now } = options;
  const store =
    redis === undefined
      ? createMemoryStore(options.now && { now: options.now })
      : createRedisStore(redis, { realm });
  const onStore = storeLog(logger);
  const deliveries = endpoints.map((endpoint) => {
    // One each: an endpoint that hangs must not take the connections of another one at the same origin.
    const sender = createSender({ ...options.sending, now });
    const times = { ...DELIVERY_TIMES, ...options.times };
    const loop = new Deliveries({ ...times, endpoint, store, sender, events, logger, now, onStore });
    return { endpoint, sender, loop };
  });
  const sources = new Map<string | undefined, WatchSource>();
  const kick = (): void => {
    for (const { loop } of deliveries) loop.kick();
  };
  const watched = new WatchedRequests({
    store,
    sourceOf: (tenant) => sources.get(tenant),
    pace: { ...WATCH_PACE, ...options.pace },
    events,
    logger,
    now,
    onStore,
    onQueued: kick,
  });
  const hooksOf = (tenant: string | undefined): RequestHooks => ({
    watch: (request) => watched.watch({ tenant, id: request.id }, request),
    note: (request) => watched.note({ tenant, id: request.id }, request),
  });
  for (const tenant of new Set(endpoints.map((endpoint) => endpoint.tenant))) {
    const watcher = watcherOf(tenant);
    if (watcher === undefined) continue;
    const own = deliveries.filter(({ endpoint }) => endpoint.tenant === tenant);
    sources.set(tenant, {
      watcher,
      endpoints: () => own.flatMap(({ endpoint, loop }) => (loop.isDisabled ? [] : [endpoint.id])),
    });
    watcher.setGlobalListener({
      read: hooksOf(tenant).note,
      invalidated: (id) => watched.nudge({ tenant, id }),
    });
  }
  if (endpoints.length > 0) {
    options.queues.add('watched-requests', () => store.oldestWatchedMs());
    watched.start();
  }
  for (const { endpoint, loop } of deliveries)
    options.queues.add('webhooks', () => (loop.isDisabled ? 0 : store.oldestQueuedMs(endpoint.id)));
  kick();
  let abort: NodeJS.Timeout | undefined;
  const stop = (graceMs: number): void => {
    if (abort !== undefined) return;
    watched.stop();
    for (const { loop } of deliveries) loop.stop();
    abort = setTimeout(() => {
      for (const { loop } of deliveries) loop.abort();
    }, graceMs);
  };

  return {
    of: (tenant) => (sources.has(tenant) ? hooksOf(tenant) : NO_HOOKS),
    countQueued: () => countQueued(store, endpoints),
    kick() {
      if (endpoints.length > 0) watched.start();
      kick();
    },
    stop,
    async close() {
      stop(0);
      await Promise.all([watched.ended(), ...deliveries.map(({ loop }) => loop.ended())]);
      clearTimeout(abort);
      const lost = store.isShared ? 0 : await countQueued(store, endpoints);
      if (lost !== undefined && lost > 0)
        logger.warn({ lost }, 'webhooks were not delivered before the end, and are lost: there is no Redis');
      await Promise.all(deliveries.map(({ sender }) => sender.close()));
    },
  };
}

async function countQueued(
  store: WebhookStore,
  endpoints: readonly WebhookEndpoint[],
): Promise<number | undefined> {
  try {
    const counts = await Promise.all(endpoints.map(({ id }) => store.countQueued(id)));
    return counts.reduce((sum, count) => sum + count, 0);
  } catch {
    return undefined;
  }
}

/** Says once that the store fails, and once that it is back. */
function storeLog(logger: Logger): (failure: unknown) => void {
  let isUp = true;
  return (failure) => {
    // Logged once for the whole gateway, as Redis also answers while it takes no writes.
    if (failure instanceof WebhookStoreError) return;
    if ((failure === undefined) === isUp) return;
    isUp = failure === undefined;
    if (isUp) logger.info('webhooks go on');
    else {
      const name = failure instanceof Error ? failure.name : typeof failure;
      logger.error({ name }, 'webhooks stand still: what they need cannot be read or kept');
    }
  };
}
