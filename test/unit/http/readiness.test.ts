import { expect, test, vi } from 'vitest';
import { Readiness } from '../../../src/http/readiness.ts';

test('concurrent requests share one check, and its outcome is cached', async () => {
  const answer = Promise.withResolvers<void>();
  const check = vi.fn(() => answer.promise);
  const readiness = new Readiness({ checks: [{ name: 'service', check }] });
  const states = Promise.all(Array.from({ length: 50 }, () => readiness.state()));
  answer.resolve();
  expect(new Set(await states)).toEqual(new Set(['ready']));
  expect(await readiness.state()).toBe('ready');
  expect(check).toHaveBeenCalledTimes(1);
});

test('a failed check is retried, and each change is reported once', async () => {
  let isUp = false;
  const onChange = vi.fn();
  const refused = new Error('refused');
  const check = async (): Promise<void> => {
    if (!isUp) throw refused;
  };
  const readiness = new Readiness({ checks: [{ name: 'redis', check }], maxAgeMs: 0, onChange });
  expect([await readiness.state(), await readiness.state()]).toEqual(['unavailable', 'unavailable']);
  isUp = true;
  expect([await readiness.state(), await readiness.state()]).toEqual(['ready', 'ready']);
  expect(onChange.mock.calls).toEqual([
    ['redis', false, refused],
    ['redis', true],
  ]);
});

test('a failure reported between checks is logged once, and causes an immediate check', async () => {
  const check = vi.fn(async () => {});
  const onChange = vi.fn();
  const readiness = new Readiness({ checks: [{ name: 'redis', check }], onChange });
  await readiness.state();
  const cause = new Error('full');
  readiness.report('redis', cause);
  readiness.report('redis', cause);
  check.mockRejectedValueOnce(cause);
  expect(await readiness.state()).toBe('unavailable');
  readiness.report('redis', undefined);
  expect(await readiness.state()).toBe('ready');
  expect(onChange.mock.calls).toEqual([
    ['redis', false, cause],
    ['redis', true],
  ]);
});

test('one failed check makes the gateway unavailable', async () => {
  const readiness = new Readiness({
    checks: [
      { name: 'service', check: async () => {} },
      { name: 'redis', check: async () => Promise.reject(new Error('gone')) },
    ],
  });
  expect(await readiness.state()).toBe('unavailable');
});

test('a check that does not answer times out', async () => {
  const check = (signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const readiness = new Readiness({ checks: [{ name: 'service', check }], timeoutMs: 20 });
  expect(await readiness.state()).toBe('unavailable');
});

test('after stop it is never ready again, not even for a check in flight', async () => {
  const answer = Promise.withResolvers<void>();
  const readiness = new Readiness({ checks: [{ name: 'service', check: () => answer.promise }] });
  const asked = readiness.state();
  readiness.stop();
  answer.resolve();
  expect([await asked, await readiness.state()]).toEqual(['stopping', 'stopping']);
});
