import { expect, onTestFinished, test, vi } from 'vitest';
import { BlockPool } from '../../../src/uploads/block-pool.ts';

test('allocates blocks on demand and reuses the one returned last', async () => {
  const pool = new BlockPool({ blocks: 2, blockBytes: 8 });
  const first = await pool.acquire();
  expect(first.bytes.length).toBe(8);
  expect(pool.inUse).toBe(1);
  first[Symbol.dispose]();
  using again = await pool.acquire();
  expect(again.bytes).toBe(first.bytes);
});

test('serves callers in order of request', async () => {
  const pool = new BlockPool({ blocks: 1, blockBytes: 8 });
  const order: string[] = [];
  const held = await pool.acquire();
  const take = async (name: string): Promise<void> => {
    using _ = await pool.acquire();
    order.push(name);
  };
  const all = [take('a'), take('b'), take('c')];
  expect(pool.waiting).toBe(3);
  held[Symbol.dispose]();
  await Promise.all(all);
  expect(order).toEqual(['a', 'b', 'c']);
  expect(pool).toMatchObject({ inUse: 0, waiting: 0 });
});

test('gives no block to a caller that has left the queue', async () => {
  const pool = new BlockPool({ blocks: 1, blockBytes: 8 });
  const held = await pool.acquire();
  const leaver = new AbortController();
  const left = pool.acquire(leaver.signal);
  const stays = pool.acquire();
  leaver.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  held[Symbol.dispose]();
  (await stays)[Symbol.dispose]();
  expect(pool).toMatchObject({ inUse: 0, waiting: 0 });
});

test('throws for a signal that is already aborted', async () => {
  const pool = new BlockPool({ blocks: 1, blockBytes: 8 });
  await expect(pool.acquire(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(pool.inUse).toBe(0);
});

test('tryAcquire does not jump the queue', async () => {
  const pool = new BlockPool({ blocks: 1, blockBytes: 8 });
  const held = await pool.acquire();
  expect(pool.tryAcquire()).toBeUndefined();
  const next = pool.acquire();
  held[Symbol.dispose]();
  expect(pool.tryAcquire()).toBeUndefined();
  (await next)[Symbol.dispose]();
  pool.tryAcquire()?.[Symbol.dispose]();
  expect(pool.inUse).toBe(0);
});

test('reports how long the first caller has been waiting', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const pool = new BlockPool({ blocks: 1, blockBytes: 8 });
  const held = await pool.acquire();
  expect(pool.oldestMs).toBe(0);
  const next = pool.acquire();
  vi.advanceTimersByTime(5_000);
  const last = pool.acquire();
  vi.advanceTimersByTime(1_000);
  expect(pool.oldestMs).toBe(6_000);
  held[Symbol.dispose]();
  expect(pool.oldestMs).toBe(1_000);
  (await next)[Symbol.dispose]();
  (await last)[Symbol.dispose]();
  expect(pool.oldestMs).toBe(0);
});

test('takes a block back only once', async () => {
  const pool = new BlockPool({ blocks: 2, blockBytes: 8 });
  const block = await pool.acquire();
  block[Symbol.dispose]();
  block[Symbol.dispose]();
  using one = await pool.acquire();
  using two = await pool.acquire();
  expect(one.bytes).not.toBe(two.bytes);
});

test('reserves blocks all at once, in order of request', async () => {
  const pool = new BlockPool({ blocks: 3, blockBytes: 8 });
  const held = await pool.acquire();
  const order: string[] = [];
  const several = pool.reserve(3).then((reserved) => {
    order.push('several');
    reserved[Symbol.dispose]();
  });
  const one = pool.acquire().then((block) => {
    order.push('one');
    block[Symbol.dispose]();
  });
  // The two free blocks wait for the third, and so does the caller who came later.
  expect(pool).toMatchObject({ inUse: 1, waiting: 2 });
  held[Symbol.dispose]();
  await Promise.all([several, one]);
  expect(order).toEqual(['several', 'one']);
  expect(pool).toMatchObject({ inUse: 0, waiting: 0 });
});

test('serves the next callers when one that needs several blocks leaves the queue', async () => {
  const pool = new BlockPool({ blocks: 2, blockBytes: 8 });
  const held = await pool.acquire();
  const leaver = new AbortController();
  const left = pool.reserve(2, leaver.signal);
  const stays = pool.acquire();
  leaver.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  (await stays)[Symbol.dispose]();
  held[Symbol.dispose]();
  expect(pool).toMatchObject({ inUse: 0, waiting: 0 });
});

test('refuses a reservation that the pool can never satisfy', async () => {
  const pool = new BlockPool({ blocks: 2, blockBytes: 8 });
  await expect(pool.reserve(3)).rejects.toThrow(RangeError);
});

test('gets back a reserved block that is still in use when its reservation ends', async () => {
  const pool = new BlockPool({ blocks: 2, blockBytes: 8 });
  const reserved = await pool.reserve(2);
  const block = await reserved.acquire();
  reserved[Symbol.dispose]();
  expect(pool.inUse).toBe(1);
  block[Symbol.dispose]();
  expect(pool.inUse).toBe(0);
});
