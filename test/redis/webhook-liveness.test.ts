import { setTimeout as pause } from 'node:timers/promises';
import * as fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createEvents } from '../../src/observability/events.ts';
import { connectRedis } from '../../src/redis/connection.ts';
import { Deliveries } from '../../src/webhooks/deliveries.ts';
import { writeKey } from '../../src/webhooks/messages.ts';
import { RedisWebhookStore } from '../../src/webhooks/redis-webhook-store.ts';
import type { Sender } from '../../src/webhooks/send.ts';
import { ChangeDetector } from '../../src/webhooks/change-detector.ts';
import { requestIn, startWatcher, wireIn } from '../unit/watching/support-service.ts';
import { startRedis } from '../support/redis.ts';
import { endpointAt } from '../support/webhook-receiver.ts';

const IDS = [...'abcdefgh'];
const KEYS = IDS.map((id) => writeKey({ tenant: undefined, id }));
const STATUSES = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED'];
const ENDPOINT = endpointAt(new URL('http://127.0.0.1:1/'));
const LEASE_MS = 1_500;
const PACE = { leastMs: 50, mostMs: 500, leaseMs: LEASE_MS };
const TIMES = { pausesMs: [50, 200], giveUpMs: 60 * 60_000, leaseMs: LEASE_MS };

type Server = Awaited<ReturnType<typeof startRedis>>;

/** Gateways that share a Redis, a service and a receiver. */
class World {
  readonly #server: Server;
  readonly #realm: string;
  readonly #places = new Map(IDS.map((id) => [id, 0]));
  readonly #gateways: { readonly watched: ChangeDetector; readonly close: () => void }[] = [];
  readonly sent = new Map<string, string[]>(IDS.map((id) => [id, []]));
  isRefusing = false;
  server: 'runs' | 'is dead' | 'hangs' = 'runs';

  constructor(server: Server, realm: string) {
    this.#server = server;
    this.#realm = realm;
  }

  async open(): Promise<void> {
    const redis = await connectRedis(this.#server.url, { commandTimeoutMs: 500 });
    const { watcher, shows } = startWatcher({ pollsPerSecond: 200 });
    for (const id of IDS) shows(async () => this.#wire(id), id);
    const shared = {
      store: new RedisWebhookStore(redis, { realm: this.#realm }),
      events: createEvents(),
      logger: pino({ level: 'silent' }),
      now: Date.now,
      onStore: () => {},
    };
    const sender: Sender = { send: (_, message) => this.#receive(message.body), close: async () => {} };
    const deliveries = new Deliveries({ ...shared, ...TIMES, endpoint: ENDPOINT, sender });
    const watched = new ChangeDetector({
      ...shared,
      sourceOf: () => ({ watcher, endpoints: () => [ENDPOINT.id] }),
      pace: PACE,
      onQueued: () => deliveries.wake(),
    });
    watched.start();
    deliveries.wake();
    const close = (): void => {
      watched.stop();
      deliveries.stop();
      watcher.close();
      redis.close();
    };
    this.#gateways.push({ watched, close });
  }

  /** A killed gateway: its leases stay until they expire. */
  async replaceOne(): Promise<void> {
    if (this.server !== 'runs') return;
    this.#gateways.shift()?.close();
    await this.open();
  }

  watch(id: string): void {
    void this.#gateways[0]?.watched.watch({ tenant: undefined, id }, requestIn('DRAFT', { id }));
  }

  moveOn(id: string): void {
    this.#places.set(id, Math.min(STATUSES.length - 1, (this.#places.get(id) ?? 0) + 1));
  }

  async setServer(state: World['server']): Promise<void> {
    if (this.server === state) return;
    if (this.server === 'hangs') this.#server.thaw();
    if (this.server === 'is dead') await this.#server.start();
    if (state === 'hangs') this.#server.freeze();
    if (state === 'is dead') await this.#server.kill();
    this.server = state;
  }

  close(): void {
    for (const { close } of this.#gateways) close();
  }

  #wire(id: string) {
    const place = this.#places.get(id) ?? 0;
    return wireIn(STATUSES[place] ?? '', { id, updated_at: `2026-03-05T10:0${place}:00.000Z` });
  }

  async #receive(body: string): ReturnType<Sender['send']> {
    const { type, data }: { type: string; data: { id: string } } = JSON.parse(body);
    await pause(20);
    if (this.isRefusing) return { kind: 'failed', reason: '503' };
    this.sent.get(data.id)?.push(type.split('.').at(-1) ?? '');
    return { kind: 'delivered', status: 204 };
  }
}

type Step = fc.AsyncCommand<object, World>;
const step = (name: string, run: (world: World) => unknown): Step => ({
  check: () => true,
  async run(_, world) {
    await run(world);
    await pause(30);
  },
  toString: () => name,
});
const anId = fc.constantFrom(...IDS);
const steps: fc.Arbitrary<Step>[] = [
  anId.map((id) => step(`${id} is marked READY`, (world) => world.watch(id))),
  fc.constant(step('all are marked READY', (world) => IDS.forEach((id) => world.watch(id)))),
  anId.map((id) => step(`${id} moves on`, (world) => world.moveOn(id))),
  fc.constant(step('all move on', (world) => IDS.forEach((id) => world.moveOn(id)))),
  fc.nat(400).map((ms) => step(`${ms} ms pass`, () => pause(ms))),
  fc.boolean().map((is) => step(`the receiver refuses: ${is}`, (world) => (world.isRefusing = is))),
  fc
    .constantFrom<World['server']>('runs', 'is dead', 'hangs')
    .map((state) => step(`Redis ${state}`, (world) => world.setServer(state))),
  fc.constant(step('a gateway dies, and another comes', (world) => world.replaceOne())),
];

test('in any order of failures of Redis, gateways and the receiver, every stored event arrives, in order', async () => {
  const server = await startRedis();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 25, size: 'max' }), async (commands) => {
      const realm = `https://service.example/${(run += 1)}`;
      const world = new World(server, realm);
      await world.open();
      await world.open();
      try {
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        await world.setServer('runs');
        world.isRefusing = false;
        const redis = await connectRedis(server.url);
        const store = new RedisWebhookStore(redis, { realm });
        const kept = await Promise.all(KEYS.map((key) => store.recordOf(key)));
        for (const id of IDS) for (const _ of STATUSES) world.moveOn(id);
        const left = async (): Promise<number> => {
          const records = await Promise.all(KEYS.map((key) => store.recordOf(key)));
          return records.filter(Boolean).length + (await store.countQueued(ENDPOINT.id));
        };
        await expect.poll(left, { timeout: 30_000 }).toBe(0);
        expect([await store.oldestWatchedMs(), await store.oldestQueuedMs(ENDPOINT.id)]).toEqual([0, 0]);
        redis.close();
        for (const [nth, id] of IDS.entries()) {
          const sent = world.sent.get(id) ?? [];
          // A delivery that Redis could not record is repeated directly after itself, because the order is kept.
          const reported = sent.filter((type, at) => type !== sent[at - 1]);
          expect(['ready', 'wait_for_signature', 'signed'].filter((type) => reported.includes(type))).toEqual(
            reported,
          );
          if (kept[nth] !== undefined) expect(reported.at(-1)).toBe('signed');
        }
      } finally {
        await world.setServer('runs');
        world.close();
      }
    }),
    { numRuns: 5, endOnFailure: true },
  );
}, 300_000);
