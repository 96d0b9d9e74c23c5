import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Turns } from '../../../src/graphql/turns.ts';

const MANY = 27;
const FEW = 10;
const LONGEST_WAIT_MS = 250;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Operations that run until they are ended. */
function world() {
  const turns = new Turns();
  const running = new Map<string, { end: () => void; fail: () => void }>();
  const started: string[] = [];
  const begin = (name: string, { calls = MANY, caller = name } = {}): Promise<string> =>
    turns.take(calls, caller, () => {
      started.push(name);
      return new Promise((resolve, reject) => {
        running.set(name, { end: () => resolve(name), fail: () => reject(new Error(name)) });
      });
    });
  /** Lets what can start do so. */
  const settle = () => vi.advanceTimersByTimeAsync(0);
  return { begin, running, started, settle };
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

test('five operations of many calls run at once, and each that ends lets one start', async () => {
  const { begin, running, started, settle } = world();
  const results = numbered('list', 8).map((name) => begin(name));
  await settle();
  expect(started).toEqual(numbered('list', 5));

  running.get('list3')?.end();
  await settle();
  expect(started).toEqual(numbered('list', 6));
  running.get('list0')?.end();
  running.get('list5')?.end();
  await settle();
  expect(started).toEqual(numbered('list', 8));
  for (const name of ['list1', 'list2', 'list4', 'list6', 'list7']) running.get(name)?.end();
  expect(await Promise.all(results)).toEqual(numbered('list', 8));
});

test('one of few calls starts at once, however many others wait', async () => {
  const { begin, started, settle } = world();
  for (const name of numbered('list', 20)) void begin(name);
  await settle();
  void begin('single', { calls: FEW });
  await settle();
  expect(started).toEqual([...numbered('list', 5), 'single']);
});

test('callers take turns, so that one with many operations delays mostly itself', async () => {
  const { begin, running, started, settle } = world();
  for (const name of numbered('flood', 12)) void begin(name, { caller: 'flood' });
  void begin('other', { caller: 'other' });
  await settle();
  running.get('flood0')?.end();
  running.get('flood1')?.end();
  await settle();
  expect(started).toEqual([...numbered('flood', 6), 'other']);
});

test('one that fails lets the next one start', async () => {
  const { begin, running, started, settle } = world();
  const [first, ...rest] = numbered('list', 6).map((name) => begin(name));
  void Promise.all(rest);
  await settle();
  running.get('list0')?.fail();
  await expect(first).rejects.toThrow('list0');
  await settle();
  expect(started).toContain('list5');
});

test('none waits longer than a quarter of a second for slow ones', async () => {
  const { begin, running, started, settle } = world();
  for (const name of numbered('slow', 5)) void begin(name);
  for (const name of numbered('next', 3)) void begin(name);
  await vi.advanceTimersByTimeAsync(LONGEST_WAIT_MS - 1);
  expect(started).toEqual(numbered('slow', 5));
  await vi.advanceTimersByTimeAsync(1);
  expect(started).toEqual([...numbered('slow', 5), ...numbered('next', 3)]);

  // They take no slots: only the end of a slow one lets another start at once.
  void begin('last');
  for (const name of numbered('next', 3)) running.get(name)?.end();
  await settle();
  expect(started).not.toContain('last');
  running.get('slow0')?.end();
  await settle();
  expect(started).toContain('last');
  expect(vi.getTimerCount()).toBe(0);
});
