import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import type { ApiCall, CallOptions, UpstreamClient } from '../../../../src/upstream/call.ts';
import { withStages } from '../../../../src/upstream/call.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import { ReadCoalescer, withCoalescing } from '../../../../src/upstream/pipeline/with-coalescing.ts';
import { fakeTime, inAnyOrder, step } from '../../../support/steps.ts';
import type { Step } from '../../../support/steps.ts';

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

/** The model of a read: the number of writes that the service had performed. */
type Shown = number;

const callOf = (operation: 'getDossier' | 'createDossier', path: string): ApiCall<Shown> => ({
  operation,
  method: operation === 'getDossier' ? 'GET' : 'POST',
  effect: operation === 'getDossier' ? 'read' : 'write',
  mayCoalesce: operation === 'getDossier',
  path,
  expect: [200],
  decode: (body) => Number(body),
});

/** A call that has reached the service. */
interface Arrived {
  readonly signal: AbortSignal | undefined;
  readonly isWrite: boolean;
  readonly shows: Shown;
  readonly end: PromiseWithResolvers<Shown>;
}

class World {
  readonly faults: string[] = [];
  readonly arrived: Arrived[] = [];
  readonly readers = new Set<AbortController>();
  readonly signals: AbortSignal[] = [];
  readonly #client: UpstreamClient;
  readonly #scheduler: fc.Scheduler;
  /** Writes whose callers have their answers. */
  #written = 0;
  #begun = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    const service: UpstreamClient = {
      // Its models are numbers.
      call: (call, options) => this.#serve(call, options) as Promise<never>,
      close: async () => {},
    };
    this.#client = withStages(service, [withCoalescing(new ReadCoalescer({ events: createEvents() }))]);
  }

  #serve({ operation }: ApiCall<unknown>, { signal }: CallOptions = {}): Promise<Shown> {
    const isWrite = operation === 'createDossier';
    if (isWrite) this.#begun += 1;
    const end = Promise.withResolvers<Shown>();
    this.arrived.push({ signal, isWrite, shows: this.#begun, end });
    signal?.addEventListener('abort', () => end.reject(new UpstreamError({ operation, kind: 'aborted' })));
    const arrives = (): Promise<void> => this.#scheduler.schedule(Promise.resolve(), 'an answer arrives');
    return end.promise.finally(arrives);
  }

  read(caller: string, path: string): void {
    const leaver = new AbortController();
    const writtenBefore = this.#written;
    this.readers.add(leaver);
    this.signals.push(leaver.signal);
    this.#client
      .call(callOf('getDossier', path), { caller, signal: leaver.signal })
      .then(
        (shown) => {
          if (shown < writtenBefore) this.faults.push('a read shows what was before a write that had ended');
        },
        (failure: unknown) => {
          const kind = failure instanceof UpstreamError ? failure.kind : String(failure);
          // A reader must not see the abort of another.
          if (kind !== 'server-error' && !(kind === 'aborted' && leaver.signal.aborted))
            this.faults.push(kind);
        },
      )
      .finally(() => this.readers.delete(leaver));
  }

  write(caller: string): void {
    this.#client.call(callOf('createDossier', '/w'), { caller }).then(
      (shown) => (this.#written = Math.max(this.#written, shown)),
      () => {},
    );
  }

  end(arrived: Arrived | undefined, isWell: boolean): void {
    if (isWell) arrived?.end.resolve(arrived.shows);
    else arrived?.end.reject(new UpstreamError({ operation: 'getDossier', kind: 'server-error' }));
  }
}

const callers = fc.constantFrom('a', 'b');
const steps: fc.Arbitrary<Step<World>>[] = [
  fc
    .tuple(callers, fc.constantFrom('/1', '/1', '/2'))
    .map(([caller, path]) => step(`${caller} reads ${path}`, (world) => world.read(caller, path))),
  callers.map((caller) => step(`${caller} writes`, (world) => world.write(caller))),
  fc
    .tuple(fc.nat(10), fc.boolean())
    .map(([nth, isWell]) =>
      step(`${nth} ends, well: ${isWell}`, (world) => world.end(world.arrived[nth], isWell)),
    ),
  fc.nat(6).map((nth) => step(`${nth} leaves`, ({ readers }) => [...readers][nth]?.abort())),
];

test('in any order of events, each reader gets an answer that is no older than its last write', async () => {
  await inAnyOrder<World>({
    steps,
    make: (scheduler) => new World(scheduler),
    async after(world, pass) {
      for (const arrived of world.arrived) world.end(arrived, true);
      await pass(0);
      expect(world.readers.size).toBe(0);
      for (const signal of world.signals) expect(getEventListeners(signal, 'abort')).toEqual([]);
      // Later reads do not join a completed one.
      const before = world.arrived.length;
      world.read('a', '/1');
      await pass(0);
      expect(world.arrived).toHaveLength(before + 1);
      for (const leaver of world.readers) leaver.abort();
      await pass(0);
      expect(world.arrived.at(-1)?.signal?.aborted).toBe(true);
    },
  });
});
