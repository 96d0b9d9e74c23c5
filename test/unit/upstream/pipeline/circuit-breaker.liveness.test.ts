import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import { CircuitBreaker } from '../../../../src/upstream/pipeline/circuit-breaker.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import type { UpstreamErrorKind } from '../../../../src/upstream/failure.ts';
import { fakeTime, inAnyOrder, LAG_MS, step, timeStep } from '../../../support/steps.ts';
import type { Step } from '../../../support/steps.ts';

const [FAILURES, OPEN_MS] = [3, 1_000];
const OPERATION = 'getDossier';

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

type Outcome = 'ok' | UpstreamErrorKind;

class World {
  readonly faults: string[] = [];
  readonly breaker: CircuitBreaker;
  /** Calls in flight. */
  readonly running: PromiseWithResolvers<void>[] = [];
  state = 'closed';
  #triedAt = -Infinity;

  constructor() {
    const events = createEvents();
    events.on('breaker', ({ state }) => (this.state = state));
    this.breaker = new CircuitBreaker({ origin: 'service', failures: FAILURES, openMs: OPEN_MS, events });
  }

  /** Makes a call, unless the circuit is open. @returns whether it is made. */
  call(): boolean {
    const wasClosed = this.state === 'closed';
    let isMade = false;
    const attempt = { operation: OPERATION, deadline: undefined };
    const make = (): Promise<void> => {
      isMade = true;
      const end = Promise.withResolvers<void>();
      this.running.push(end);
      return end.promise;
    };
    this.breaker.run(attempt, make).catch((failure: unknown) => {
      const isRefusal = failure instanceof UpstreamError && failure.kind === 'circuit-open';
      if (!isRefusal || isMade) return;
      if (wasClosed) this.faults.push('refused by a closed circuit');
      if ((failure.retryAfterSeconds ?? 0) < 1) this.faults.push('refused without a wait');
    });
    if (isMade && !wasClosed) {
      if (performance.now() - this.#triedAt < OPEN_MS - LAG_MS) this.faults.push('trials came too close');
      this.#triedAt = performance.now();
    }
    return isMade;
  }

  end(nth: number, outcome: Outcome): void {
    const [ended] = this.running.splice(nth, 1);
    if (outcome === 'ok') ended?.resolve();
    else ended?.reject(new UpstreamError({ operation: OPERATION, kind: outcome }));
  }
}

const outcomes = fc.constantFrom<Outcome>('ok', 'timeout', 'timeout', 'server-error', 'aborted', 'not-found');
const steps: fc.Arbitrary<Step<World>>[] = [
  fc.constant(step('a call', (world) => void world.call())),
  fc
    .tuple(fc.nat(5), outcomes)
    .map(([nth, outcome]) => step(`call ${nth} ends: ${outcome}`, (world) => world.end(nth, outcome))),
  fc.constant(
    step('the origin fails', (world) => {
      for (let nth = 0; nth < FAILURES; nth += 1)
        if (world.call()) world.end(world.running.length - 1, 'timeout');
    }),
  ),
  timeStep(2 * OPEN_MS),
];

test('in any order of events, a call is made within the time of an open circuit', async () => {
  await inAnyOrder<World>({
    steps,
    make: () => new World(),
    async after(world, pass) {
      // Calls in flight never end here: a trial may take as long as a client takes to send a file.
      await pass(OPEN_MS + LAG_MS);
      expect(world.call()).toBe(true);
      world.end(world.running.length - 1, 'ok');
      await pass(0);
      expect(world.state).toBe('closed');
      expect([world.call(), world.call()]).toEqual([true, true]);
    },
  });
});
