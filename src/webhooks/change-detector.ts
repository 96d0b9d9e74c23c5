import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';
import { isFinal } from '../watching/changes.ts';
import type { StatusWatcher } from '../watching/status-watcher.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { UpstreamError } from '../upstream/failure.ts';
import { DueLoop } from './due-loop.ts';
import {
  detectChange,
  initialState,
  readKey,
  readState,
  writeKey,
  writeMessage,
  writeState,
} from './messages.ts';
import type { ReportedState, RequestKey } from './messages.ts';
import { STORE_LIMITS } from './webhook-store.ts';
import type { WatchedRecord, WebhookStore } from './webhook-store.ts';

/** The pauses between two reads of a request, in milliseconds. A pause is a third of the time since the last change. */
export interface WatchPace {
  /** Longest pause. A citizen may take weeks to sign. */
  readonly mostMs: number;
  /** Shortest pause: after a change, and after the gateway has changed the request. @default 1 000 */
  readonly leastMs?: number;
  /** How long one gateway holds a request that it reads. @default 60 000 */
  readonly leaseMs?: number;
}

const PACE = { leastMs: 1_000, leaseMs: 60_000 };

/** Where the requests of one tenant are read, and where their events go. */
export interface WatchSource {
  readonly watcher: StatusWatcher;
  /** Ids of the enabled endpoints of the tenant. */
  readonly endpoints: () => readonly string[];
}

export interface ChangeDetectorOptions {
  readonly store: WebhookStore;
  readonly sourceOf: (tenant: string | undefined) => WatchSource | undefined;
  readonly pace: WatchPace;
  readonly events: GatewayEvents;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called with each failure of the store, and with undefined after each success. */
  readonly onStore: (failure: unknown) => void;
  /** Called when messages were queued. */
  readonly onQueued: () => void;
}

/** Concurrent reads: enough to use every slot of the poll queue, even while the service is slow. */
const SLOTS = 8;
/** The part of the lease that a read may take, including its time in the poll queue. */
const READ_SHARE = 0.75;
/** How often the store is polled when other gateways share it, and when this one knows all due times. */
const [SHARED_POLL_MS, OWN_POLL_MS] = [1_000, 60_000];
/** A known read of this age is reused. */
const MAX_AGE_MS = 1_000;
/** A request that is still a DRAFT after this time was not marked READY: the call has failed. */
const DRAFT_MS = 10 * 60_000;
/** Shortest pause after a failed read. */
const FAILED_MS = 5_000;

/** Watches requests that the gateway has marked READY, up to their final status, and queues an event for each change. */
export class ChangeDetector {
  readonly #options: Omit<ChangeDetectorOptions, 'pace'>;
  readonly #pace: Required<WatchPace>;
  readonly #loop: DueLoop<WatchedRecord>;
  readonly #shutdown = new AbortController();
  /** A cache of records, of requests seen lately. Another gateway may have written a newer record to the store. */
  readonly #known = new Map<string, string>();

  constructor(options: ChangeDetectorOptions) {
    const { store } = options;
    const pace = { ...PACE, ...options.pace };
    this.#options = options;
    this.#pace = pace;
    this.#loop = new DueLoop({
      slots: SLOTS,
      take: (count) => store.takeWatched(count, pace.leaseMs),
      work: (item) => this.#poll(item),
      pollMs: store.isShared ? SHARED_POLL_MS : OWN_POLL_MS,
      onStore: options.onStore,
    });
  }

  start(): void {
    this.#loop.wake();
  }

  /** Starts no further read, and aborts the running ones. */
  stop(): void {
    this.#loop.stop();
    this.#shutdown.abort();
  }

  ended(): Promise<void> {
    return this.#loop.ended();
  }

  /** Starts watching a request before it is marked READY, so that a crash in between loses no event. Never fails. */
  async watch(key: RequestKey, request: SignatureRequest): Promise<void> {
    const { store, now, logger, onStore } = this.#options;
    const name = writeKey(key);
    try {
      const record = await store.watch(name, writeState(initialState(request, now())), this.#pace.leastMs);
      if (record === undefined)
        logger.warn('a request gets no webhooks: the limit of watched requests is reached');
      else this.#remember(name, record);
      this.#loop.wake();
    } catch (failure) {
      // A failure here must not fail the mutation.
      onStore(failure);
      logger.error('a request gets no webhooks: it could not be stored');
    }
  }

  /** Reports a read made elsewhere, if the request is watched. */
  record(key: RequestKey, request: SignatureRequest): void {
    const name = writeKey(key);
    const record = this.#known.get(name);
    if (record !== undefined) this.#report(name, record, request, false).catch(this.#options.onStore);
  }

  /** Reads a watched request soon, because this gateway has changed it. */
  pollNow(key: RequestKey): void {
    const { store, onStore } = this.#options;
    const name = writeKey(key);
    if (!this.#known.has(name)) return;
    store.bringForward(name, this.#pace.leastMs).then(() => this.#loop.wake(), onStore);
  }

  async #poll({ key: name, record }: WatchedRecord): Promise<void> {
    const { sourceOf, now, events, logger } = this.#options;
    const { leaseMs, mostMs } = this.#pace;
    const [key, reported] = [readKey(name), readState(record)];
    if (key === undefined || reported === undefined) {
      logger.error('a request gets no further webhooks: its stored record is not readable');
      return this.#unwatch(name, record);
    }
    const source = sourceOf(key.tenant);
    if (source === undefined || reported.until < now()) return this.#unwatch(name, record);
    this.#remember(name, record);
    let request: SignatureRequest;
    try {
      const signal = AbortSignal.any([this.#shutdown.signal, AbortSignal.timeout(leaseMs * READ_SHARE)]);
      ({ request } = await source.watcher.readInBackground(key.id, { signal, maxAgeMs: MAX_AGE_MS }));
    } catch (failure) {
      if (failure instanceof UpstreamError && failure.kind === 'not-found') {
        logger.warn('a request gets no further webhooks: the service no longer has it');
        return this.#unwatch(name, record);
      }
      if (this.#shutdown.signal.aborted) return this.#postpone(name, record, 0);
      const pauseMs = Math.min(Math.max(FAILED_MS, this.#pause(reported)), mostMs);
      return this.#postpone(name, record, pauseMs);
    }
    events.emit('poll', { changed: await this.#report(name, record, request, true) });
  }

  /**
   * Queues the events of a change.
   * @param isPoll whether the read was a poll, which also schedules the next one
   * @returns whether there was a change
   */
  async #report(name: string, record: string, request: SignatureRequest, isPoll: boolean): Promise<boolean> {
    const { store, sourceOf, now, onQueued } = this.#options;
    const [key, reported] = [readKey(name), readState(record)];
    if (key === undefined || reported === undefined) return false; // the next poll stops watching it
    const change = detectChange(key, reported, request, now());
    if (change === undefined && !isPoll) return false;
    const isAbandoned = request.status === 'DRAFT' && now() - reported.since > DRAFT_MS;
    const next = change?.reported ?? reported;
    const to = isFinal(request) || isAbandoned ? undefined : writeState(next);
    const messages = (change?.messages ?? []).map(writeMessage);
    const result = await store.change(name, {
      from: record,
      to,
      dueInMs: this.#pause(next),
      endpoints: sourceOf(key.tenant)?.endpoints() ?? [],
      messages,
    });
    if (result === 'stale') return this.#reportAgain(name, record, request);
    if (to === undefined) this.#known.delete(name);
    else this.#remember(name, to);
    if (messages.length > 0) onQueued();
    for (const _ of result) this.#giveUp(messages.length);
    return change !== undefined;
  }

  /** Another read or gateway has changed the record meanwhile, and may not have reported everything that this read shows. */
  async #reportAgain(name: string, before: string, request: SignatureRequest): Promise<boolean> {
    const record = await this.#options.store.recordOf(name);
    this.#known.delete(name);
    if (record === undefined || record === before) return false;
    this.#remember(name, record);
    return this.#report(name, record, request, false);
  }

  #giveUp(messages: number): void {
    const { events, logger } = this.#options;
    logger.error({ messages }, 'events given up: the queue of a webhook is full');
    for (let nth = 0; nth < messages; nth += 1) events.emit('webhook', { outcome: 'given-up', attempt: 0 });
  }

  async #unwatch(name: string, record: string): Promise<void> {
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

  #pause({ since }: ReportedState): number {
    const { leastMs, mostMs } = this.#pace;
    const quietMs = this.#options.now() - since;
    return Math.min(Math.max(quietMs / 3, leastMs), mostMs);
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
