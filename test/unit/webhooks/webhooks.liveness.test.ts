import * as fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { createEvents } from '../../../src/observability/events.ts';
import { Deliveries } from '../../../src/webhooks/deliveries.ts';
import { MemoryWebhookStore } from '../../../src/webhooks/webhook-store.ts';
import { writeKey } from '../../../src/webhooks/messages.ts';
import type { Sender, Sent } from '../../../src/webhooks/send.ts';
import { ChangeDetector } from '../../../src/webhooks/change-detector.ts';
import { failure, requestIn, startWatcher, wireIn } from '../watching/support-service.ts';
import { unreliable } from '../../support/unreliable-store.ts';
import type { StoreHealth } from '../../support/unreliable-store.ts';
import { endpointAt } from '../../support/webhook-receiver.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** More than the slots for reads or attempts. */
const IDS = [...'abcdefghij'];
const KEYS = IDS.map((id) => writeKey({ tenant: undefined, id }));
const STATUSES = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED'];
const PAUSES_MS = [5_000, 30_000];
const { pace, times } = loadConfig({}).webhooks;
/** The longest pause between reads, then for each event the longest pause between attempts and a lost lease. */
const BOUND_MS = pace.mostMs + 3 * (36_000 + 60_000) + 60_000;
const ENDPOINT = endpointAt(new URL('http://127.0.0.1:1/'));
const TIMEOUT_MS = 15_000;

type Receiver = 'takes' | 'refuses' | 'hangs';

/** The whole path from a READY request to its receiver, with a fake clock, service and receiver. */
class World {
  readonly #scheduler: fc.Scheduler;
  readonly #service = startWatcher({ pollsPerSecond: 1_000 });
  readonly store = new MemoryWebhookStore({ now: Date.now });
  readonly watched: ChangeDetector;
  readonly deliveries: Deliveries;
  /** The index into STATUSES of each request. */
  readonly #places = new Map(IDS.map((id) => [id, 0]));
  /** The accepted events of each request. */
  readonly sent = new Map<string, string[]>(IDS.map((id) => [id, []]));
  /** Requests with an unreadable record or message: events of these may be missing. */
  readonly spoilt = new Set<string>();
  readonly sick = new Map<string, StoreHealth>();
  receiver: Receiver = 'takes';
  isServiceDown = false;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    for (const id of IDS)
      this.#service.shows(async () => {
        await scheduler.schedule(Promise.resolve(), `read of ${id}`);
        return this.isServiceDown ? failure('server-error') : this.#wire(id);
      }, id);
    const shared = {
      store: unreliable(this.store, scheduler, (method) => this.sick.get(method) ?? 'well'),
      events: createEvents(),
      logger: pino({ level: 'silent' }),
      now: Date.now,
      onStore: () => {},
    };
    const sender: Sender = { send: (_, message) => this.#receive(message.body), close: async () => {} };
    this.deliveries = new Deliveries({
      ...shared,
      ...times,
      pausesMs: PAUSES_MS,
      endpoint: ENDPOINT,
      sender,
    });
    this.watched = new ChangeDetector({
      ...shared,
      sourceOf: () => ({ watcher: this.#service.watcher, endpoints: () => [ENDPOINT.id] }),
      pace,
      onQueued: () => this.deliveries.wake(),
    });
    this.watched.start();
    this.deliveries.wake();
  }

  watch(id: string): void {
    void this.watched.watch({ tenant: undefined, id }, requestIn('DRAFT', { id }));
  }

  record(id: string): void {
    const { ['documents']: _, ...change } = this.#wire(id);
    this.watched.record({ tenant: undefined, id }, requestIn(change.status, change));
  }

  moveOn(id: string): void {
    const place = Math.min(STATUSES.length - 1, (this.#places.get(id) ?? 0) + 1);
    this.#places.set(id, place);
  }

  /** Another gateway takes a message or a request and dies. */
  async takeOne(what: 'takeQueued' | 'takeWatched'): Promise<void> {
    if (what === 'takeQueued') await this.store.takeQueued(ENDPOINT.id, 1, 60_000);
    else await this.store.takeWatched(1, 60_000);
  }

  /** Stores something unreadable. */
  async spoil(what: 'message' | 'record', id: string): Promise<void> {
    const key = writeKey({ tenant: undefined, id });
    const from = await this.store.recordOf(key);
    if (from === undefined) return;
    this.spoilt.add(id);
    const [to, messages] = what === 'record' ? ['rubbish', []] : [from, ['rubbish']];
    await this.store.change(key, { from, to, dueInMs: 0, endpoints: [ENDPOINT.id], messages });
  }

  records(): Promise<(string | undefined)[]> {
    return Promise.all(KEYS.map((key) => this.store.recordOf(key)));
  }

  async pass(ms: number, stepMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      vi.advanceTimersByTime(stepMs);
      await this.#scheduler.waitIdle();
    }
  }

  #wire(id: string) {
    const place = this.#places.get(id) ?? 0;
    return wireIn(STATUSES[place] ?? '', { id, updated_at: `2026-03-05T10:0${place}:00.000Z` });
  }

  async #receive(body: string): Promise<Sent> {
    const { type, data }: { type: string; data: { id: string } } = JSON.parse(body);
    await this.#scheduler.schedule(Promise.resolve(), `${type} of ${data.id} arrives`);
    const { receiver } = this;
    if (receiver === 'hangs') {
      await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS));
      return { kind: 'failed', reason: 'timeout' };
    }
    if (receiver === 'refuses') return { kind: 'failed', reason: '503', retryAfterMs: 3_000 };
    this.sent.get(data.id)?.push(type.split('.').at(-1) ?? '');
    return { kind: 'delivered', status: 204 };
  }
}

type Step = fc.AsyncCommand<object, World>;
const step = (name: string, run: (world: World) => unknown): Step => ({
  check: () => true,
  run: async (_, world) => void (await run(world)),
  toString: () => name,
});
const anId = fc.constantFrom(...IDS);
const METHODS = ['watch', 'takeWatched', 'recordOf', 'change', 'bringForward', 'takeQueued', 'drop', 'retry'];
const steps: fc.Arbitrary<Step>[] = [
  anId.map((id) => step(`${id} is marked READY`, (world) => world.watch(id))),
  fc.constant(step('all are marked READY', (world) => IDS.forEach((id) => world.watch(id)))),
  fc.constant(step('all move on', (world) => IDS.forEach((id) => world.moveOn(id)))),
  fc.constant(step('all are read', (world) => IDS.forEach((id) => world.record(id)))),
  anId.map((id) => step(`${id} moves on`, (world) => world.moveOn(id))),
  anId.map((id) => step(`${id} is read elsewhere`, (world) => world.record(id))),
  anId.map((id) => step(`${id} is invalidated`, ({ watched }) => watched.pollNow({ tenant: undefined, id }))),
  fc.constant(step('wake', ({ deliveries }) => deliveries.wake())),
  fc.nat(60_000).map((ms) => step(`${ms} ms pass`, () => void vi.advanceTimersByTime(ms))),
  fc
    .tuple(fc.constantFrom(...METHODS), fc.constantFrom<StoreHealth>('well', 'fails', 'loses answers'))
    .map(([method, health]) => step(`${method} ${health}`, ({ sick }) => sick.set(method, health))),
  fc
    .constantFrom<Receiver>('takes', 'refuses', 'hangs')
    .map((receiver) => step(`the receiver ${receiver}`, (world) => (world.receiver = receiver))),
  fc.boolean().map((isDown) => step(`service down: ${isDown}`, (world) => (world.isServiceDown = isDown))),
  fc
    .constantFrom('takeQueued' as const, 'takeWatched' as const)
    .map((what) => step(`another gateway calls ${what} and dies`, (world) => world.takeOne(what))),
  fc
    .tuple(fc.constantFrom('message' as const, 'record' as const), anId)
    .map(([what, id]) => step(`a ${what} of ${id} is spoilt`, (world) => world.spoil(what, id))),
];

test('in any order of reads, attempts, outages and unreadable data, every event of a watched request arrives, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.commands(steps, { maxCommands: 40, size: 'max' }),
      async (s, commands) => {
        const world = new World(s);
        await fc.scheduledModelRun(s, () => ({ model: {}, real: world }), commands);
        world.sick.clear();
        world.receiver = 'takes';
        world.isServiceDown = false;
        const kept = await world.records();
        for (const id of IDS) for (const _ of STATUSES) world.moveOn(id);
        await world.pass(BOUND_MS, 5_000);
        expect(await world.store.countQueued(ENDPOINT.id)).toBe(0);
        expect(await world.records()).toEqual(KEYS.map(() => undefined));
        for (const [nth, id] of IDS.entries()) {
          const sent = world.sent.get(id) ?? [];
          // A delivery that the store could not record is repeated directly after itself, because the order is kept.
          const reported = sent.filter((type, at) => type !== sent[at - 1]);
          expect(['ready', 'wait_for_signature', 'signed'].filter((type) => reported.includes(type))).toEqual(
            reported,
          );
          if (kept[nth] !== undefined && !world.spoilt.has(id)) expect(reported.at(-1)).toBe('signed');
        }
        world.watched.stop();
        world.deliveries.stop();
        await s.waitFor(Promise.all([world.watched.ended(), world.deliveries.ended()]));
      },
    ),
    { numRuns: 150 },
  );
});
