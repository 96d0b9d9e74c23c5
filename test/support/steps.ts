import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { vi } from 'vitest';

// Hundreds of runs take seconds, and far longer on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

/** An event in a world. A failed run is reported as the list of its names. */
export type Step<World> = fc.AsyncCommand<object, World>;

export const step = <World>(name: string, run: (world: World) => void | Promise<void>): Step<World> => ({
  check: () => true,
  run: async (_, world) => run(world),
  toString: () => name,
});

/** Fakes clocks and timers, except setImmediate and nextTick, which the scheduler needs. */
export const fakeTime = (): void => {
  const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
  vi.useFakeTimers({ toFake: [...timers, 'performance', 'Date'] });
};

/** The greatest delay of a timer, like that of a busy process: its effects run before the next timer. */
export const LAG_MS = 25;

/** Advances the time and runs the effects of timers, except those that wait for the scheduler. */
async function advance(ms: number, settle: () => Promise<unknown> = setImmediate): Promise<void> {
  await settle();
  for (let leftMs = ms; leftMs > 0; leftMs -= LAG_MS) {
    vi.advanceTimersByTime(Math.min(LAG_MS, leftMs));
    await settle();
  }
}

export const timeStep = (maxMs: number): fc.Arbitrary<Step<object>> =>
  fc.nat(maxMs).map((ms) => step(`${ms} ms pass`, () => advance(ms)));

export interface World {
  /** Faults found where an assertion would be an unhandled rejection. */
  readonly faults: string[];
}

export interface RunOptions<W extends World> {
  readonly steps: readonly fc.Arbitrary<Step<W>>[];
  readonly make: (scheduler: fc.Scheduler) => W;
  /** Runs after the steps. `pass` advances the time and runs what was scheduled. */
  readonly after: (world: W, pass: (ms: number) => Promise<void>) => Promise<void>;
  readonly runs?: number;
}

/** Runs steps in random orders, interleaved with the scheduled answers of the world. */
export async function inAnyOrder<W extends World>({
  steps,
  make,
  after,
  runs = 100,
}: RunOptions<W>): Promise<void> {
  const commands = fc.commands([...steps], { maxCommands: 30, size: 'max' });
  const property = fc.asyncProperty(fc.scheduler(), commands, async (scheduler, list) => {
    vi.clearAllTimers();
    const world = make(scheduler);
    const settle = async (): Promise<void> => {
      await setImmediate();
      await scheduler.waitIdle();
    };
    await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: world }), list);
    await after(world, (ms) => advance(ms, settle));
    if (world.faults.length > 0) throw new Error(world.faults.join('\n'));
  });
  await fc.assert(property, { numRuns: runs });
}
