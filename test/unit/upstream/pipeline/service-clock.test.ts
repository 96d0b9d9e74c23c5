import { expect, onTestFinished, test, vi } from 'vitest';
import { ServiceClock } from '../../../../src/upstream/pipeline/service-clock.ts';

const SERVICE_MS = Date.parse('2030-01-01T00:00:00Z');
/** Milliseconds of the local clock, and what the service's clock shows then. */
const dateAt = (serviceMs: number): string => new Date(SERVICE_MS + serviceMs).toUTCString();

function startAt(localMs: number) {
  const now = vi.spyOn(performance, 'now').mockReturnValue(localMs);
  onTestFinished(() => now.mockRestore());
  return { clock: new ServiceClock(), setLocal: (ms: number) => void now.mockReturnValue(ms) };
}

/** As milliseconds since SERVICE_MS. */
function read(clock: ServiceClock) {
  const { earliest, latest } = clock.now();
  return [earliest - SERVICE_MS, latest - SERVICE_MS];
}

test('the time is within the bounds of the Date header, independent of the clock of the machine', () => {
  const { clock, setLocal } = startAt(50);
  clock.learn(dateAt(7_000), 10, 50);
  expect(read(clock)).toEqual([7_000, 8_040]);
  setLocal(3_050);
  const real = Date.now;
  try {
    Date.now = () => 0;
    expect(read(clock)).toEqual([10_000, 11_040]);
  } finally {
    Date.now = real;
  }
});

test('several answers narrow the bounds', () => {
  const { clock } = startAt(1_000);
  // The second ends between the two: the offset is 7 s to within 100 ms.
  clock.learn(dateAt(6_999), 0, 0);
  clock.learn(dateAt(7_050), 50, 50);
  expect(read(clock)).toEqual([7_950, 8_000]);
});

test.each([-3_600_000, 3_600_000])(
  'after the clock of the service was set by %i ms the newest answer counts',
  (jump) => {
    const { clock } = startAt(100);
    clock.learn(dateAt(0), 0, 0);
    clock.learn(dateAt(jump), 100, 100);
    expect(read(clock)).toEqual([jump, jump + 1_000]);
  },
);

test.each([undefined, '', 'yesterday'])('without a valid Date (%j) it is the time of the machine', (date) => {
  const clock = new ServiceClock();
  clock.learn(date, 0, 0);
  const { earliest, latest } = clock.now();
  expect(Math.abs(Date.now() - earliest)).toBeLessThan(60_000);
  expect(latest).toBe(earliest);
});
