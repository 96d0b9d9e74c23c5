import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DueLoop } from '../../../src/webhooks/due-loop.ts';

const [SLOTS, POLL_MS, LEASE_MS] = [2, 60_000, 30_000];
/** The pause after an outage, one poll during a running lease, and the lease, after which its item is due. */
const BOUND_MS = 1_000 + POLL_MS + LEASE_MS + 1_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

/** A response may be lost after the command was executed. */
type Health = 'up' | 'fails' | 'loses answers';

/** A loop over a store that may fail. The scheduler orders its responses. */
class World {
  readonly due = new Map<number, number>();
  readonly #scheduler: fc.Scheduler;
  readonly loop: DueLoop<number>;
  health: Health = 'up';
  isWorkFailing = false;
  #made = 0;
  running = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    this.loop = new DueLoop<number>({
      slots: SLOTS,
      pollMs: POLL_MS,
      onStore: () => {},
      take: async (count) => {
        await this.#answer('take');
        if (this.health === 'fails') throw new Error('the store fails');
        const items = this.take(count);
        await this.#answer('taken');
        if (this.health === 'loses answers') throw new Error('the answer is lost');
        const next = Math.min(...this.due.values()) - Date.now();
        return { items, nextMs: Number.isFinite(next) ? Math.max(0, next) : undefined };
      },
      work: async (item) => {
        this.running += 1;
        expect(this.running).toBeLessThanOrEqual(SLOTS);
        await this.#answer('work');
        this.running -= 1;
        if (this.isWorkFailing) throw new Error('the store fails');
        this.due.delete(item);
      },
    });
  }

  /** Leases what is due. */
  take(count: number): number[] {
    const items = [...this.due].filter(([, dueAt]) => dueAt <= Date.now()).slice(0, count);
    for (const [item] of items) this.due.set(item, Date.now() + LEASE_MS);
    return items.map(([item]) => item);
  }

  plan(inMs: number): void {
    this.due.set((this.#made += 1), Date.now() + inMs);
  }

  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      vi.advanceTimersByTime(stepMs);
      await this.#scheduler.waitIdle();
    }
  }

  #answer(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }
}

type Step = fc.AsyncCommand<object, World>;
const step = (name: string, run: (world: World) => void): Step => ({
  check: () => true,
  run: async (_, world) => run(world),
  toString: () => name,
});
const steps: fc.Arbitrary<Step>[] = [
  fc.nat(40_000).map((ms) => step(`added by another gateway, due in ${ms} ms`, (world) => world.plan(ms))),
  fc.constant(step('wake', ({ loop }) => loop.wake())),
  fc.integer({ min: 1, max: 6 }).map((count) =>
    step(`${count} added with a wake each`, (world) => {
      for (let nth = 0; nth < count; nth += 1) {
        world.plan(0);
        world.loop.wake();
      }
    }),
  ),
  fc.nat(20_000).map((ms) => step(`${ms} ms pass`, () => void vi.advanceTimersByTime(ms))),
  fc
    .constantFrom<Health>('up', 'fails', 'loses answers')
    .map((health) => step(`the store: ${health}`, (world) => void (world.health = health))),
  fc.boolean().map((fails) => step(`work fails: ${fails}`, (world) => void (world.isWorkFailing = fails))),
  fc.constant(step('another gateway takes one and dies', (world) => void world.take(1))),
];

test('in any order of wakes, failures and outages, every due item is processed in bounded time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.commands(steps, { maxCommands: 30, size: 'max' }),
      async (s, commands) => {
        const world = new World(s);
        world.loop.wake();
        await fc.scheduledModelRun(s, () => ({ model: {}, real: world }), commands);
        world.health = 'up';
        world.isWorkFailing = false;
        await world.pass(BOUND_MS);
        expect(world.due.size).toBe(0);
        world.loop.stop();
      },
    ),
    { numRuns: 300 },
  );
});

test('a stopped loop takes no further items, and ends with its running work', async () => {
  const stop = step('stop', ({ loop }) => loop.stop());
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.commands([...steps, fc.constant(stop)], { maxCommands: 30 }),
      async (s, commands) => {
        const world = new World(s);
        world.loop.wake();
        await fc.scheduledModelRun(s, () => ({ model: {}, real: world }), commands);
        world.loop.stop();
        await s.waitFor(world.loop.ended());
        expect(world.running).toBe(0);
        expect(vi.getTimerCount()).toBe(0);
        const before = new Map(world.due);
        world.loop.wake();
        await world.pass(BOUND_MS, 10_000);
        expect(world.due).toEqual(before);
      },
    ),
    { numRuns: 100 },
  );
});
