import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Bulkhead, BulkheadFullError } from '../../../../src/upstream/pipeline/bulkhead.ts';
import { FairOrder } from '../../../support/fair-order.ts';
import { fakeTime, inAnyOrder, step } from '../../../support/steps.ts';
import type { Step } from '../../../support/steps.ts';

const [SLOTS, MAX_WAITING] = [2, 5];

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

class World {
  readonly faults: string[] = [];
  readonly bulkhead = new Bulkhead({ slots: SLOTS, maxWaiting: MAX_WAITING });
  readonly waiting = new Set<AbortController>();
  readonly inside = new Set<Disposable>();
  readonly signals: AbortSignal[] = [];
  readonly #order = new FairOrder(this.faults);

  enter(caller: string): void {
    const leaver = new AbortController();
    const { signal } = leaver;
    const queued = this.#order.enter(caller, signal);
    const hasWaited = this.waiting.size;
    this.waiting.add(leaver);
    this.signals.push(signal);
    this.bulkhead.acquire({ caller, signal }).then(
      (slot) => {
        queued.served();
        this.waiting.delete(leaver);
        this.inside.add(slot);
        if (this.inside.size > SLOTS) this.faults.push('more inside than there are slots');
      },
      (failure: unknown) => {
        queued.refused();
        this.waiting.delete(leaver);
        if (!(failure instanceof BulkheadFullError)) return;
        if (hasWaited < MAX_WAITING) this.faults.push('refused although others may wait');
      },
    );
  }

  leave(slot: Disposable | undefined): void {
    if (slot === undefined) return;
    this.inside.delete(slot);
    slot[Symbol.dispose]();
  }
}

const steps: fc.Arbitrary<Step<World>>[] = [
  fc.constantFrom('a', 'b', 'c').map((caller) => step(`${caller} enters`, (world) => world.enter(caller))),
  fc.nat(SLOTS).map((nth) => step(`${nth} leaves`, (world) => world.leave([...world.inside][nth]))),
  fc.nat(MAX_WAITING).map((nth) => step(`${nth} gives up`, ({ waiting }) => [...waiting][nth]?.abort())),
];

test('in any order of events, each call enters in order as slots become free, and no slot is lost', async () => {
  await inAnyOrder<World>({
    steps,
    make: () => new World(),
    async after(world, pass) {
      for (let left = SLOTS + MAX_WAITING; left > 0; left -= 1) {
        await pass(0);
        world.leave([...world.inside][0]);
      }
      await pass(0);
      expect(world.waiting.size).toBe(0);
      for (let nth = 0; nth <= SLOTS; nth += 1) world.enter('a');
      await pass(0);
      expect([world.inside.size, world.waiting.size]).toEqual([SLOTS, 1]);
      for (const leaver of world.waiting) leaver.abort();
      await pass(0);
      for (const signal of world.signals) expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  });
});
