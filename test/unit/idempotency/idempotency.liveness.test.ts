import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import type { Attempt } from '../../../src/idempotency/attempt.ts';
import { Idempotency } from '../../../src/idempotency/idempotency.ts';
import { MemoryIdempotencyStore } from '../../../src/idempotency/memory-store.ts';
import { IdempotencyUnavailableError } from '../../../src/idempotency/idempotency-store.ts';
import type { Claim, IdempotencyStore } from '../../../src/idempotency/idempotency-store.ts';
import { ServiceClock } from '../../../src/upstream/pipeline/service-clock.ts';
import { fakeTime, inAnyOrder, step, timeStep } from '../../support/steps.ts';
import type { Step } from '../../support/steps.ts';

vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: (await import('../../support/fake-pause.ts')).fakePause,
}));

const TIMES = { ttl: 3_600_000, lease: 3_000, wait: 5_000, settle: 1_000 };
/** An unanswered Redis command times out after two seconds; then the lease of a holder must expire. */
const BOUND_MS = 2_000 + TIMES.lease + TIMES.wait + 1_000;

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

/** `fails` before it executes a command, `loses answers` after it. */
type Health = 'well' | 'fails' | 'loses answers' | 'silent';
const HEALTH: readonly Health[] = ['well', 'fails', 'loses answers', 'silent'];

/** A shared store that can fail. The scheduler orders its answers. */
class SharedStore {
  health: Health = 'well';
  readonly #scheduler: fc.Scheduler;
  readonly #memory = new MemoryIdempotencyStore({ ttlMs: TIMES.ttl });
  readonly store: IdempotencyStore;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    const memory = this.#memory;
    const answered = this.#answered.bind(this);
    const suspend = memory.suspend.bind(memory);
    /** A holder that does not renew its lease loses the record at its end. */
    const lapse = (name: string, claimed: Claim): void =>
      void setTimeout(() => void suspend(name, claimed, undefined), TIMES.lease);
    this.store = {
      isShared: true,
      beat: answered(() => memory.beat()),
      claim: async (name, asked) => {
        try {
          return await answered(() => memory.claim(name, asked))();
        } catch (failure) {
          lapse(name, asked);
          throw failure;
        }
      },
      renew: answered(memory.renew.bind(memory)),
      recordSend: answered(memory.recordSend.bind(memory)),
      save: answered(memory.save.bind(memory)),
      complete: (name, asked, result) => {
        lapse(name, asked);
        return answered(() => memory.complete(name, asked, result))();
      },
      suspend: (name, asked, sent) => {
        lapse(name, asked);
        return answered(suspend)(name, asked, sent);
      },
      free: (name, token) => {
        lapse(name, { token, fingerprint: '' });
        return answered(() => memory.free(name, token))();
      },
      own: answered(memory.own.bind(memory)),
      ownerOf: answered(memory.ownerOf.bind(memory)),
    };
  }

  #answered<Args extends unknown[], T>(method: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
    return async (...args) => {
      await this.#scheduler.schedule(Promise.resolve(), 'the store executes');
      if (this.health === 'silent') await new Promise((resolve) => setTimeout(resolve, 2_000));
      if (this.health === 'silent' || this.health === 'fails') throw new IdempotencyUnavailableError('lost');
      const answer = await method(...args);
      await this.#scheduler.schedule(Promise.resolve(), 'the store answers');
      if (this.health !== 'well') throw new IdempotencyUnavailableError('lost');
      return answer;
    };
  }
}

interface Ask {
  readonly key: string;
  readonly input: string;
  readonly leaver: AbortController;
  readonly begunAt: number;
}

class World {
  readonly faults: string[] = [];
  readonly shared: SharedStore | undefined;
  readonly idempotency: Idempotency;
  readonly waiting = new Set<Ask>();
  readonly holding = new Map<Attempt, Ask>();
  readonly signals: AbortSignal[] = [];
  isEnding = false;
  /** Whether each holder of a key sends a call that is not answered before the gateway shuts down. */
  isSending = false;
  readonly #results = new Map<string, string>();
  #made = 0;

  constructor(shared?: SharedStore) {
    this.shared = shared;
    const store = shared?.store ?? new MemoryIdempotencyStore({ ttlMs: TIMES.ttl });
    const clock = new ServiceClock();
    this.idempotency = new Idempotency({ store, realm: 'r', times: TIMES, clock, events: createEvents() });
  }

  begin(key: string, input: string): Ask {
    const ask: Ask = { key, input, leaver: new AbortController(), begunAt: performance.now() };
    const { signal } = ask.leaver;
    this.waiting.add(ask);
    this.signals.push(signal);
    const scope = { operation: 'o', tenant: undefined, caller: undefined, key };
    this.idempotency
      .begin(scope, input, { signal })
      .then(
        (begun) => {
          const result = this.#results.get(`${key} ${input}`);
          if (begun.kind === 'begun') this.#hold(begun.attempt, ask);
          if (begun.kind === 'done' && result !== undefined && begun.result !== result)
            this.faults.push(`${key} has another result than before`);
          if (begun.kind === 'busy' && this.shared === undefined && this.#holderOf(key) === undefined)
            this.faults.push(`${key} is busy without a holder`);
        },
        (failure: unknown) => {
          const isExpected = failure instanceof IdempotencyUnavailableError || signal.aborted;
          if (!isExpected) this.faults.push(String(failure));
        },
      )
      .finally(() => this.waiting.delete(ask));
    return ask;
  }

  #holderOf(key: string): Ask | undefined {
    return [...this.holding.values()].find((ask) => ask.key === key);
  }

  #hold(attempt: Attempt, ask: Ask): void {
    if (this.isSending) void this.#send(attempt, ask);
    if (this.#holderOf(ask.key) !== undefined) this.faults.push(`${ask.key} is held twice`);
    this.holding.set(attempt, ask);
    if (this.isEnding) setTimeout(() => this.end([attempt, ask], 'complete'), 100);
  }

  async #send(attempt: Attempt, ask: Ask): Promise<void> {
    const unanswered = async ({ signal }: { readonly signal: AbortSignal }): Promise<never> => {
      const ends = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => ends.reject(signal.reason));
      signal.throwIfAborted();
      return ends.promise;
    };
    await attempt.sending(unanswered).catch(() => this.end([attempt, ask], 'release'));
  }

  end([attempt, ask]: readonly [Attempt?, Ask?], how: 'complete' | 'release'): void {
    if (attempt === undefined || ask === undefined || !this.holding.delete(attempt)) return;
    if (how === 'release') {
      void attempt.release();
      return;
    }
    const result = `result ${(this.#made += 1)}`;
    attempt.complete(result).then(
      (isKept) => isKept && this.#results.set(`${ask.key} ${ask.input}`, result),
      () => undefined,
    );
  }
}

const keys = fc.constantFrom('k1', 'k2');
const steps: fc.Arbitrary<Step<World>>[] = [
  fc
    .tuple(keys, fc.constantFrom('i', 'i', 'i', 'j'))
    .map(([key, input]) => step(`${key} for ${input}`, (world) => void world.begin(key, input))),
  fc
    .tuple(fc.nat(2), fc.constantFrom('complete', 'release'))
    .map(([nth, how]) =>
      step(`${nth} ends: ${how}`, (world) => world.end([...world.holding][nth] ?? [], how)),
    ),
  fc
    .nat(6)
    .map((nth) => step(`${nth} leaves`, ({ waiting }) => [...waiting][nth]?.leaver.abort(new Error('left')))),
  timeStep(TIMES.wait),
];
const healthSteps = fc
  .constantFrom(...HEALTH)
  .map((health) =>
    step<World>(`the store: ${health}`, ({ shared }) => void (shared && (shared.health = health))),
  );

test.each(['in memory', 'shared'])(
  'in any order of claims, aborts and ends, every waiting caller gets an answer in bounded time, %s',
  async (kind) => {
    await inAnyOrder<World>({
      steps: kind === 'shared' ? [...steps, healthSteps] : steps,
      make: (scheduler) => new World(kind === 'shared' ? new SharedStore(scheduler) : undefined),
      async after(world, pass) {
        if (world.shared) world.shared.health = 'well';
        // Holders keep their keys: other callers get `busy`.
        await pass(BOUND_MS);
        expect([...world.waiting]).toEqual([]);
        world.isEnding = true;
        for (const held of world.holding) world.end(held, 'release');
        await pass(BOUND_MS);
        const again = ['k1', 'k2'].map((key) => world.begin(key, 'i'));
        await pass(1_000);
        expect(again.filter((ask) => world.waiting.has(ask))).toEqual([]);
        expect(world.idempotency.oldestMs).toBe(0);
        expect(world.holding.size).toBe(0);
        void world.idempotency.close(); // otherwise it would keep renewing
        await pass(TIMES.lease);
        expect(vi.getTimerCount()).toBe(0);
        for (const signal of world.signals) expect(getEventListeners(signal, 'abort')).toEqual([]);
      },
    });
  },
);

/** A sent call gets two seconds; then the store is called a few times, and each call may time out. */
const CLOSE_BOUND_MS = 2_000 + 3 * 2_000 + 1_000;

test.each(HEALTH)(
  'when a gateway shuts down, every key is released in bounded time, store: %s',
  async (health) => {
    await inAnyOrder<World>({
      steps: [...steps.filter((_, nth) => nth !== 1), healthSteps],
      make: (scheduler) => Object.assign(new World(new SharedStore(scheduler)), { isSending: true }),
      async after(world, pass) {
        if (world.shared) world.shared.health = health;
        for (const { leaver } of world.waiting) leaver.abort(new Error('the gateway ends'));
        let isClosed = false;
        void world.idempotency.close().then(() => (isClosed = true));
        await pass(CLOSE_BOUND_MS);
        expect(isClosed).toBe(true);
        expect([...world.waiting]).toEqual([]);
        await pass(TIMES.lease);
        expect(vi.getTimerCount()).toBe(0);
      },
      runs: 40,
    });
  },
);

test('an aborted caller claims no key', async () => {
  const { idempotency } = new World();
  const scope = { operation: 'o', tenant: undefined, caller: undefined, key: 'k' };
  const reason = new Error('left');
  await expect(idempotency.begin(scope, 'i', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const { signal } = new AbortController();
  expect(await idempotency.begin(scope, 'another', { signal })).toMatchObject({ kind: 'begun' });
});

test('reports how long the first caller has been waiting for a key', async () => {
  const world = new World();
  world.begin('k1', 'i');
  await vi.advanceTimersByTimeAsync(0);
  expect(world.idempotency.oldestMs).toBe(0);
  world.begin('k1', 'i');
  await vi.advanceTimersByTimeAsync(1_000);
  world.begin('k1', 'i');
  await vi.advanceTimersByTimeAsync(500);
  expect(world.idempotency.oldestMs).toBe(1_500);
  world.end([...world.holding][0] ?? [], 'complete');
  await vi.advanceTimersByTimeAsync(0);
  expect(world.idempotency.oldestMs).toBe(0);
});
