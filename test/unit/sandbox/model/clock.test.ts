import { expect, test, vi } from 'vitest';
import { Clock } from '../../../../mocks/sandbox/model/clock.ts';

const START = 1_000_000;

/** A clock that records its tasks and their times. */
function recordingClock(options: { timeScale?: number; frozenAt?: number } = {}) {
  const ran: (readonly [task: string, at: number])[] = [];
  const clock = new Clock<string>({
    timeScale: 1,
    ...options,
    run: async (task) => {
      await Promise.resolve();
      ran.push([task, clock.now()]);
      if (task === 'chain') clock.schedule(10, 'link');
    },
  });
  return { clock, ran };
}

test('advancing a frozen clock runs each due task at its own time', async () => {
  const { clock, ran } = recordingClock({ frozenAt: START });
  clock.schedule(20, 'second');
  clock.schedule(10, 'chain');
  clock.schedule(20, 'third');
  await clock.advance(9);
  expect([clock.now(), ran]).toEqual([START + 9, []]);
  await clock.advance(100);
  expect(clock.now()).toBe(START + 109);
  expect(ran).toEqual([
    ['chain', START + 10],
    ['second', START + 20],
    ['third', START + 20],
    ['link', START + 20],
  ]);
});

test('a running clock runs tasks after scaled delays', async () => {
  const { clock, ran } = recordingClock({ timeScale: 0.001 });
  clock.schedule(5_000, 'soon');
  await vi.waitFor(() => expect(ran.map(([task]) => task)).toEqual(['soon']));
  expect(clock.frozen).toBe(false);
});

test('a resumed clock continues from its frozen time', async () => {
  const { clock, ran } = recordingClock();
  clock.schedule(60_000, 'in a minute');
  clock.freeze();
  const stood = clock.now();
  await clock.advance(59_990);
  expect(ran).toEqual([]);
  clock.resume();
  expect(clock.now()).toBeGreaterThanOrEqual(stood + 59_990);
  await vi.waitFor(() => expect(ran).toHaveLength(1));
  await clock.stop();
});

test('overlapping advances run one after another, and end when the clock is resumed', async () => {
  const { clock, ran } = recordingClock({ frozenAt: START });
  clock.schedule(10, 'early');
  clock.schedule(30, 'late');
  await Promise.all([clock.advance(10), clock.advance(10), clock.advance(10)]);
  expect(clock.now()).toBe(START + 30);
  expect(ran).toEqual([
    ['early', START + 10],
    ['late', START + 30],
  ]);
  clock.schedule(10, 'next');
  clock.schedule(20, 'never');
  const moved = clock.advance(60_000);
  clock.resume();
  await moved;
  expect([clock.frozen, Number.isFinite(clock.now())]).toEqual([false, true]);
  await clock.stop();
});

test('restores a saved state with its scheduled tasks', async () => {
  const { clock, ran } = recordingClock({ frozenAt: START });
  clock.schedule(10, 'once');
  const state = clock.state();
  await clock.advance(10);
  clock.restore(state);
  await clock.advance(10);
  expect(ran).toEqual([
    ['once', START + 10],
    ['once', START + 10],
  ]);
});
