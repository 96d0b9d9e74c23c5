import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { vi } from 'vitest';

// Hundreds of runs take seconds, and far longer on a machine that is busy.
vi.setConfig({ testTimeout: 180_000 });

/** Something that happens to a world. A run that fails is reported as the list of names. */
export type Step<World> = fc.AsyncCommand<object, World>;

export const step = <World>(name: string, run: (world: World) => void | Promise<void>): Step<World> => ({
  check: () => true,
  run: async (_, world) => run(world),
  toString: () => name,
});

/** Fakes clocks and timers, but not the turns of the event loop: the scheduler needs them. */
export const fakeTime = (): void => {
  const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
  vi.useFakeTimers({ toFake: [...timers, 'performance', 'Date'] });
};

/** How late a timer may be, as what it sets off is carried out before the next: a process that is busy. */
export const LAG_MS = 25;

/** Time passes, and what timers set off is carried out, except for what waits for the scheduler. */
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
  /** What is not as it should be, found where an assertion would be an unhandled rejection. */
  readonly faults: string[];
}

export interface RunOptions<W extends World> {
  readonly steps: readonly fc.Arbitrary<Step<W>>[];
  readonly make: (scheduler: fc.Scheduler) => W;
  /** When the steps have been taken. `pass` lets time pass and carries out what was scheduled. */
  readonly after: (world: W, pass: (ms: number) => Promise<void>) => Promise<void>;
  readonly runs?: number;
}

/** Takes steps in every order that chance brings, interleaved with what the world has scheduled. */
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
