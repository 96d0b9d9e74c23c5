import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';
import { isFinal } from '../watching/changes.ts';
import type { StatusWatcher } from '../watching/status-watcher.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { UpstreamError } from '../upstream/failure/upstream-error.ts';
import { DueLoop } from './due-loop.ts';
import { newsOf, nothingTold, readKey, readTold, writeKey, writeMessage, writeTold } from './messages.ts';
import type { RequestKey, Told } from './messages.ts';
import { STORE_LIMITS } from './webhook-store.ts';
import type { WatchedRecord, WebhookStore } from './webhook-store.ts';

/** How often requests are read, in milliseconds: a pause is about a third of the time that nothing happened. */
export interface WatchPace {
  /** After a change, and when something was done to the request. @default 1 000 */
  readonly leastMs: number;
  /** A citizen may take weeks. @default 300 000 */
  readonly mostMs: number;
  /** Nobody else takes a request for so long that somebody is reading. @default 60 000 */
  readonly leaseMs: number;
}

export const WATCH_PACE: WatchPace = { leastMs: 1_000, mostMs: 300_000, leaseMs: 60_000 };

/** The requests of one tenant. */
export interface WatchSource {
  readonly watcher: StatusWatcher;
  /** Ids of the endpoints that hear of them, and are not disabled. */
  readonly endpoints: () => readonly string[];
}

export interface WatchedRequestsOptions {
  readonly store: WebhookStore;
  readonly sourceOf: (tenant: string | undefined) => WatchSource | undefined;
  readonly pace: WatchPace;
  readonly events: GatewayEvents;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onStore: (failure: unknown) => void;
  /** There is something to deliver. */
  readonly onQueued: () => void;
}

/** Reads at the same time: enough for the turns that there are, however slow the service is. */
const SLOTS = 8;
/** The part of the lease that a read may take, its turn included. */
const READ_SHARE = 0.75;
const [SHARED_LOOK_MS, OWN_LOOK_MS] = [1_000, 60_000];
/** A read that somebody else has just made will do. */
const MAX_AGE_MS = 1_000;
/** A request that should have become READY and is a DRAFT still will not become one by that call. */
const DRAFT_MS = 10 * 60_000;
/** After a read that failed, also where the pace is quicker. */
const FAILED_MS = 5_000;

/** Requests that the gateway has marked READY, until nothing comes any more: finds what there is to tell, and queues it. */
export class WatchedRequests {
  readonly #options: WatchedRequestsOptions;
  readonly #loop: DueLoop<WatchedRecord>;
  readonly #ending = new AbortController();
  /** What is told of requests that came by here lately. Others may have told more: the store decides. */
  readonly #known = new Map<string, string>();

  constructor(options: WatchedRequestsOptions) {
    const { store } = options;
    this.#options = options;
    this.#loop = new DueLoop({
      slots: SLOTS,
      take: (count) => store.takeWatched(count, options.pace.leaseMs),
      work: (item) => this.#look(item),
      lookMs: store.isShared ? SHARED_LOOK_MS : OWN_LOOK_MS,
      onStore: options.onStore,
    });
  }

  start(): void {
    this.#loop.kick();
  }

  /** Reads nothing more. */
  stop(): void {
    this.#loop.stop();
    this.#ending.abort();
  }

  ended(): Promise<void> {
    return this.#loop.ended();
  }

  /** Begins to watch a request that is about to be marked READY: before, so that no crash comes between. */
  async watch(key: RequestKey, request: SignatureRequest): Promise<void> {
    const { store, pace, now, logger, onStore } = this.#options;
    const name = writeKey(key);
    try {
      const record = await store.watch(name, writeTold(nothingTold(request, now())), pace.leastMs);
      if (record === undefined) logger.warn('too many requests are watched: no webhooks for one more');
      else this.#remember(name, record);
      this.#loop.kick();
    } catch (failure) {
      // Whoever marks a request READY must not fail because nobody will hear of it.
      onStore(failure);
      logger.error('a request could not be noted: no webhooks for it');
    }
  }

  /** Somebody has read a request, whether it is watched or not. */
  note(key: RequestKey, request: SignatureRequest): void {
    const name = writeKey(key);
    const record = this.#known.get(name);
    if (record !== undefined) this.#tell(name, record, request, false).catch(this.#options.onStore);
  }

  /** This gateway has done something to a request. */
  nudge(key: RequestKey): void {
    const { store, pace, onStore } = this.#options;
    const name = writeKey(key);
    if (!this.#known.has(name)) return;
    store.hurry(name, pace.leastMs).then(() => this.#loop.kick(), onStore);
  }

  async #look({ key: name, record }: WatchedRecord): Promise<void> {
    const { sourceOf, now, events, logger, pace } = this.#options;
    const [key, told] = [readKey(name), readTold(record)];
    if (key === undefined || told === undefined) {
      logger.error('a watched request cannot be read where it is kept: no webhooks for it');
      return this.#forget(name, record);
    }
    const source = sourceOf(key.tenant);
    if (source === undefined || told.until < now()) return this.#forget(name, record);
    this.#remember(name, record);
    let request: SignatureRequest;
    try {
      const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(pace.leaseMs * READ_SHARE)]);
      ({ request } = await source.watcher.readInBackground(key.id, { signal, maxAgeMs: MAX_AGE_MS }));
    } catch (failure) {
      if (failure instanceof UpstreamError && failure.kind === 'not-found') {
        logger.warn('a watched request is not there any more: no webhooks for it');
        return this.#forget(name, record);
      }
      if (this.#ending.signal.aborted) return this.#postpone(name, record, 0);
      const pauseMs = Math.min(Math.max(FAILED_MS, this.#pause(told)), this.#options.pace.mostMs);
      return this.#postpone(name, record, pauseMs);
    }
    events.emit('poll', { changed: await this.#tell(name, record, request, true) });
  }

  /** @returns whether there was something to tell. */
  async #tell(name: string, record: string, request: SignatureRequest, isLook: boolean): Promise<boolean> {
    const { store, sourceOf, now, onQueued } = this.#options;
    const [key, told] = [readKey(name), readTold(record)];
    if (key === undefined || told === undefined) return false; // the next look lets it go
    const news = newsOf(key, told, request, now());
    if (news === undefined && !isLook) return false;
    const isAbandoned = request.status === 'DRAFT' && now() - told.since > DRAFT_MS;
    const next = news?.told ?? told;
    const to = isFinal(request) || isAbandoned ? undefined : writeTold(next);
    const messages = (news?.messages ?? []).map(writeMessage);
    const result = await store.change(name, {
      from: record,
      to,
      dueInMs: this.#pause(next),
      endpoints: sourceOf(key.tenant)?.endpoints() ?? [],
      messages,
    });
    if (result === 'stale') return this.#tellAgain(name, record, request);
    if (to === undefined) this.#known.delete(name);
    else this.#remember(name, to);
    if (messages.length > 0) onQueued();
    for (const _ of result) this.#giveUp(messages.length);
    return news !== undefined;
  }

  /** Somebody else has told something of the request meanwhile: perhaps not all of it. */
  async #tellAgain(name: string, before: string, request: SignatureRequest): Promise<boolean> {
    const record = await this.#options.store.recordOf(name);
    this.#known.delete(name);
    if (record === undefined || record === before) return false;
    this.#remember(name, record);
    return this.#tell(name, record, request, false);
  }

  #giveUp(messages: number): void {
    const { events, logger } = this.#options;
    logger.error({ messages }, 'too much waits for a webhook: given up');
    for (let nth = 0; nth < messages; nth += 1) events.emit('webhook', { outcome: 'given-up', attempt: 0 });
  }

  async #forget(name: string, record: string): Promise<void> {
    this.#known.delete(name);
    await this.#options.store.change(name, {
      from: record,
      to: undefined,
      dueInMs: 0,
      endpoints: [],
      messages: [],
    });
  }

  async #postpone(name: string, record: string, dueInMs: number): Promise<void> {
    const change = { from: record, to: record, dueInMs, endpoints: [], messages: [] };
    await this.#options.store.change(name, change);
  }

  #pause({ since }: Told): number {
    const { pace, now } = this.#options;
    const quietMs = now() - since;
    return Math.min(Math.max(quietMs / 3, pace.leastMs), pace.mostMs);
  }

  #remember(name: string, record: string): void {
    this.#known.delete(name);
    this.#known.set(name, record);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= STORE_LIMITS.maxWatched) return;
      this.#known.delete(oldest);
    }
  }
}
