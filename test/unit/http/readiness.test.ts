import { expect, test, vi } from 'vitest';
import { createReadiness } from '../../../src/http/readiness.ts';

test('however many ask, a check is made once at a time and its outcome kept for a while', async () => {
  const answer = Promise.withResolvers<void>();
  const check = vi.fn(() => answer.promise);
  const readiness = createReadiness({ checks: [{ name: 'service', check }] });
  const states = Promise.all(Array.from({ length: 50 }, () => readiness.state()));
  answer.resolve();
  expect(new Set(await states)).toEqual(new Set(['ready']));
  expect(await readiness.state()).toBe('ready');
  expect(check).toHaveBeenCalledTimes(1);
});

test('what was unusable is looked at again, and each change is told once', async () => {
  let isUp = false;
  const onChange = vi.fn();
  const refused = new Error('refused');
  const check = async (): Promise<void> => {
    if (!isUp) throw refused;
  };
  const readiness = createReadiness({ checks: [{ name: 'redis', check }], maxAgeMs: 0, onChange });
  expect([await readiness.state(), await readiness.state()]).toEqual(['unavailable', 'unavailable']);
  isUp = true;
  expect([await readiness.state(), await readiness.state()]).toEqual(['ready', 'ready']);
  expect(onChange.mock.calls).toEqual([
    ['redis', false, refused],
    ['redis', true],
  ]);
});

test('what is noticed between checks is told once, and the next check is made at once', async () => {
  const check = vi.fn(async () => {});
  const onChange = vi.fn();
  const readiness = createReadiness({ checks: [{ name: 'redis', check }], onChange });
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

test('one thing that cannot be used is enough', async () => {
  const readiness = createReadiness({
    checks: [
      { name: 'service', check: async () => {} },
      { name: 'redis', check: async () => Promise.reject(new Error('gone')) },
    ],
  });
  expect(await readiness.state()).toBe('unavailable');
});

test('a check that does not answer is given up', async () => {
  const check = (signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const readiness = createReadiness({ checks: [{ name: 'service', check }], timeoutMs: 20 });
  expect(await readiness.state()).toBe('unavailable');
});

test('once told to stop it is never ready again, not even in answer to who asked before', async () => {
  const answer = Promise.withResolvers<void>();
  const readiness = createReadiness({ checks: [{ name: 'service', check: () => answer.promise }] });
  const asked = readiness.state();
  readiness.stop();
  answer.resolve();
  expect([await asked, await readiness.state()]).toEqual(['stopping', 'stopping']);
});
