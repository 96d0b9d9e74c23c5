import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StatusListener } from '../../../src/watching/watched-request.ts';
import { UpstreamError } from '../../../src/upstream/failure.ts';
import type { UpstreamErrorKind } from '../../../src/upstream/failure.ts';
import { failure, requestIn, seen, startWatcher, wireIn } from './support-service.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const IDS = ['a', 'b'];
/** The longest pause, and the same again for the poll queue: a few requests share one slot a second. */
const BOUND_MS = 2 * 60_000;

/** A listener that counts. */
interface Watching {
  readonly id: string;
  reads: number;
  isOver: boolean;
  readonly leave: () => void;
}

/** A watcher of a service whose responses are ordered by the scheduler. */
class World {
  readonly #scheduler: fc.Scheduler;
  readonly #service = startWatcher({ pollsPerSecond: 1 });
  readonly watching: Watching[] = [];
  /** Aborts the running reads. */
  readonly #leaving: AbortController[] = [];
  failing: UpstreamErrorKind | undefined;
  pending = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    for (const id of IDS)
      this.#service.shows(async () => {
        await scheduler.schedule(Promise.resolve(), `answer for ${id}`);
        return this.failing === undefined ? wireIn('READY', { id }) : failure(this.failing, 2);
      }, id);
  }

  get watcher() {
    return this.#service.watcher;
  }

  join(id: string, isWaiting: boolean, hasRead = false): void {
    const listener: StatusListener = {
      read: () => void (one.reads += 1),
      failed: (_, isFinal) => void (one.isOver ||= isFinal),
    };
    const { leave } = isWaiting
      ? this.watcher.await(id, listener)
      : this.watcher.watch(id, listener, hasRead ? seen(requestIn('READY', { id })) : undefined);
    const one: Watching = { id, reads: 0, isOver: false, leave };
    this.watching.push(one);
  }

  leave(nth: number): void {
    const [one] = this.watching.splice(nth % Math.max(1, this.watching.length), 1);
    one?.leave();
  }

  read(id: string, way: 'read' | 'readInBackground'): void {
    const leaving = new AbortController();
    this.#leaving.push(leaving);
    this.pending += 1;
    this.watcher[way](id, { signal: leaving.signal, maxAgeMs: 0 })
      .catch((error: unknown) => expect(error).toBeInstanceOf(UpstreamError))
      .finally(() => (this.pending -= 1));
  }

  giveUp(nth: number): void {
    const [one] = this.#leaving.splice(nth % Math.max(1, this.#leaving.length), 1);
    one?.abort(new DOMException('left', 'AbortError'));
  }

  record(id: string): void {
    void this.watcher.record(id, async () => {
      await this.#scheduler.schedule(Promise.resolve(), `recorded ${id}`);
      return requestIn('READY', { id });
    });
  }

  async pass(ms: number, stepMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      vi.advanceTimersByTime(stepMs);
      await this.#scheduler.waitIdle();
    }
  }
}

type Step = fc.AsyncCommand<object, World>;
const step = (name: string, run: (world: World) => void): Step => ({
  check: () => true,
  run: async (_, world) => run(world),
  toString: () => name,
});
const anId = fc.constantFrom(...IDS);
const steps: fc.Arbitrary<Step>[] = [
  anId.map((id) => step(`watch ${id}`, (world) => world.join(id, false))),
  anId.map((id) => step(`read and watch ${id}`, (world) => world.join(id, false, true))),
  anId.map((id) => step(`wait for ${id}`, (world) => world.join(id, true))),
  fc.nat(9).map((nth) => step(`leave ${nth}`, (world) => world.leave(nth))),
  anId.map((id) => step(`read ${id}`, (world) => world.read(id, 'read'))),
  anId.map((id) => step(`read ${id} in the background`, (world) => world.read(id, 'readInBackground'))),
  fc.nat(9).map((nth) => step(`give up ${nth}`, (world) => world.giveUp(nth))),
  anId.map((id) => step(`invalidate ${id}`, ({ watcher }) => watcher.invalidate(id))),
  anId.map((id) => step(`record ${id}`, (world) => world.record(id))),
  fc.nat(20_000).map((ms) => step(`${ms} ms pass`, () => void vi.advanceTimersByTime(ms))),
  fc
    .constantFrom(undefined, 'server-error', 'rate-limited', 'unauthorized', 'contract', 'not-found')
    .map((kind) => step(`the service answers: ${kind ?? 'ok'}`, (world) => void (world.failing = kind))),
];

test('in any order of watchers, readers, slots and failures, every watched request is read in bounded time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.commands(steps, { maxCommands: 30, size: 'max' }),
      async (s, commands) => {
        const world = new World(s);
        await fc.scheduledModelRun(s, () => ({ model: {}, real: world }), commands);
        world.failing = undefined;
        await world.pass(BOUND_MS, 500);
        const before = world.watching.map(({ reads }) => reads);
        await world.pass(BOUND_MS, 500);
        const silent = world.watching.filter(
          ({ reads, isOver }, nth) => !isOver && reads === (before[nth] ?? 0),
        );
        expect(silent.map(({ id }) => id)).toEqual([]);
        expect(world.pending).toBe(0);
        expect(world.watcher.oldestDueMs).toBeLessThan(BOUND_MS);
        for (const { leave } of world.watching) leave();
        expect(world.watcher.counts).toEqual({ requests: 0, watchers: 0 });
      },
    ),
    { numRuns: 100 },
  );
});
