import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { waitForRequest } from '../../../../src/resolvers/shared/wait-for-request.ts';
import { Deadline } from '../../../../src/upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import type { UpstreamErrorKind } from '../../../../src/upstream/failure.ts';
import { failure, requestIn, startWatcher, wireIn } from '../../watching/support-service.ts';
import { fakeTime, inAnyOrder, LAG_MS, step, timeStep } from '../../../support/steps.ts';
import type { Step } from '../../../support/steps.ts';

const [LONGEST_WAIT_S, LAST_READ_MS, OPERATION_MS] = [15, 2_000, 20_000];
/** Failures that end a wait: the request does not exist, or the service refuses. After others the next read follows. */
const FINAL: readonly UpstreamErrorKind[] = ['not-found', 'unauthorized', 'contract'];

beforeEach(() => {
  fakeTime();
  // AbortSignal.timeout uses a clock that cannot be faked.
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), ms);
    return controller.signal;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface Wait {
  readonly leaver: AbortController;
  readonly deadline: Deadline;
  readonly beganAt: number;
  readonly longestMs: number;
  hasEnded: boolean;
}

/** Callers that wait for a request to be READY. */
class World {
  readonly faults: string[] = [];
  readonly service = startWatcher();
  readonly lastCall = new AbortController();
  readonly waits: Wait[] = [];
  /** Unanswered reads. */
  readonly pending: PromiseWithResolvers<object>[] = [];

  constructor(scheduler: fc.Scheduler) {
    this.service.shows(async () => {
      const answer = Promise.withResolvers<object>();
      this.pending.push(answer);
      try {
        return await answer.promise;
      } finally {
        await scheduler.schedule(Promise.resolve(), 'an answer arrives');
      }
    });
  }

  wait(waitSeconds: number): void {
    const leaver = new AbortController();
    const deadline = new Deadline(OPERATION_MS, leaver.signal);
    const [beganAt, longestMs] = [performance.now(), waitSeconds * 1_000 + LAST_READ_MS];
    const wait: Wait = { leaver, deadline, beganAt, longestMs, hasEnded: false };
    this.waits.push(wait);
    const { watcher } = this.service;
    const context = { watcher, deadline, signal: leaver.signal, lastCall: this.lastCall.signal };
    const isDone = ({ status }: { readonly status: string }): boolean => status === 'READY';
    waitForRequest(context, requestIn('DRAFT'), { waitSeconds, isDone })
      .catch((thrown: unknown) => {
        const kind = thrown instanceof UpstreamError ? thrown.kind : undefined;
        const isExpected =
          kind !== undefined && (FINAL.includes(kind) || (kind === 'aborted' && leaver.signal.aborted));
        if (!isExpected) this.faults.push(`a wait ends with ${String(thrown)}`);
      })
      .finally(() => {
        wait.hasEnded = true;
        deadline[Symbol.dispose]();
        const tookMs = performance.now() - beganAt;
        if (tookMs > longestMs + 2 * LAG_MS) this.faults.push(`a wait of ${waitSeconds} s took ${tookMs} ms`);
      });
  }

  /** Callers that have not disconnected and still wait. */
  get waiting(): Wait[] {
    return this.waits.filter(({ hasEnded }) => !hasEnded);
  }

  answer(nth: number, how: 'DRAFT' | 'READY' | UpstreamErrorKind): void {
    const [answer] = this.pending.splice(nth, 1);
    if (how === 'DRAFT' || how === 'READY') answer?.resolve(wireIn(how));
    else answer?.reject(failure(how));
  }
}

const steps: fc.Arbitrary<Step<World>>[] = [
  fc.integer({ min: 1, max: LONGEST_WAIT_S }).map((s) => step(`a wait of ${s} s`, (world) => world.wait(s))),
  fc
    .nat(4)
    .map((nth) => step(`${nth} leaves`, ({ waiting }) => waiting[nth]?.leaver.abort(new Error('left')))),
  fc
    .tuple(
      fc.nat(3),
      fc.constantFrom(
        'DRAFT',
        'DRAFT',
        'READY',
        'timeout',
        'server-error',
        'not-found',
        'unauthorized',
        'contract',
      ),
    )
    .map(([nth, how]) => step(`read ${nth}: ${how}`, (world) => world.answer(nth, how))),
  fc.constant(step('the request changes', ({ service }) => service.watcher.invalidate('a'))),
  fc.constant(step('the gateway shuts down', ({ lastCall }) => lastCall.abort())),
  timeStep(10_000),
];

test('in any order of reads and waits, each wait ends by its deadline', async () => {
  await inAnyOrder<World>({
    steps,
    make: (scheduler) => new World(scheduler),
    async after(world, pass) {
      await pass(0);
      expect(world.waiting.filter(({ leaver }) => leaver.signal.aborted)).toEqual([]);
      // Reads in flight are never answered.
      await pass(LONGEST_WAIT_S * 1_000 + LAST_READ_MS + 2 * LAG_MS);
      expect(world.waiting).toEqual([]);
      expect(world.service.watcher.counts).toEqual({ requests: 0, watchers: 0 });
      await pass(LAST_READ_MS);
      expect(vi.getTimerCount()).toBe(0);
      expect(getEventListeners(world.lastCall.signal, 'abort')).toEqual([]);
      for (const { leaver } of world.waits) expect(getEventListeners(leaver.signal, 'abort')).toEqual([]);
    },
  });
});

test.each(['READY', 'not-found'] as const)(
  'a read that finds %s ends every wait that started before it',
  async (found) => {
    await inAnyOrder<World>({
      steps: steps.slice(0, 4),
      make: (scheduler) => new World(scheduler),
      async after(world, pass) {
        world.service.watcher.invalidate('a'); // and a read that started earlier does not show the change
        const waiting = [...world.waiting];
        for (let ms = 0; ms < 1_000; ms += 100) {
          await pass(100);
          while (world.pending.length > 0) world.answer(0, found);
        }
        await pass(0);
        expect(waiting.filter(({ hasEnded }) => !hasEnded)).toEqual([]);
      },
    });
  },
);
