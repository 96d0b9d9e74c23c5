import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Bulkhead, BulkheadFullError } from '../../../../src/upstream/pipeline/bulkhead.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function start(slots: number, maxWaiting = 10) {
  const bulkhead = new Bulkhead({ slots, maxWaiting });
  const inside = new Map<string, Disposable>();
  const enter = (name: string, signal?: AbortSignal): Promise<void> =>
    bulkhead.acquire({ caller: name[0] ?? '', signal }).then((slot) => void inside.set(name, slot));
  const leave = async (name: string): Promise<void> => {
    inside.get(name)?.[Symbol.dispose]();
    inside.delete(name);
    await settled();
  };
  return { enter, leave, names: () => [...inside.keys()].join(' ') };
}

test('the next call enters when one ends, callers round-robin', async () => {
  const { enter, leave, names } = start(2);
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1']) void enter(name);
  await settled();
  expect(names()).toBe('a1 a2');
  await leave('a1');
  expect(names()).toBe('a2 a3');
  await leave('a2');
  expect(names()).toBe('a3 b1');
  for (const name of ['a3', 'b1', 'a4']) await leave(name);
  await enter('c1');
  await enter('c2');
  expect(names()).toBe('c1 c2');
});

test('an aborted call is skipped and leaves no listener', async () => {
  const { enter, leave, names } = start(1);
  await enter('a1');
  const gone = new AbortController();
  const left = enter('a2', gone.signal);
  void enter('a3');
  gone.abort('gone');
  await expect(left).rejects.toBe('gone');
  expect(getEventListeners(gone.signal, 'abort')).toEqual([]);
  await expect(enter('a4', AbortSignal.abort('before'))).rejects.toBe('before');
  await leave('a1');
  expect(names()).toBe('a3');
});

test('a full queue refuses further calls', async () => {
  const { enter } = start(1, 1);
  await enter('a1');
  void enter('a2');
  await expect(enter('a3')).rejects.toThrow(BulkheadFullError);
});
