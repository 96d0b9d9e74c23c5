import { expect, onTestFinished, test, vi } from 'vitest';
import { MemoryIdempotencyStore } from '../../../src/idempotency/memory-store.ts';
import { Owners } from '../../../src/idempotency/owners.ts';
import { IdempotencyUnavailableError } from '../../../src/idempotency/idempotency-store.ts';

function start(isShared = true) {
  const memory = new MemoryIdempotencyStore({ ttlMs: 60_000 });
  const [ownHere, ownerOfHere] = [memory.own.bind(memory), memory.ownerOf.bind(memory)];
  const gone = () => Promise.reject(new IdempotencyUnavailableError('gone'));
  const own = vi.fn(ownHere);
  const ownerOf = vi.fn(ownerOfHere);
  const store = Object.assign(new MemoryIdempotencyStore({ ttlMs: 60_000 }), { isShared, own, ownerOf });
  const owners = new Owners({ store, retryMs: 10, catchUpMs: 5_000 });
  onTestFinished(() => owners.close());
  return {
    owners,
    memory,
    setGone: () => [own.mockImplementation(gone), ownerOf.mockImplementation(gone)],
    setBack: () => [own.mockImplementation(ownHere), ownerOf.mockImplementation(ownerOfHere)],
  };
}

test('an object created during an outage belongs to its key at once, and in the store after the outage', async () => {
  const { owners, memory, setGone, setBack } = start();
  setGone();
  expect(await owners.note('id', 'none')).toBe(true);
  expect(await owners.ownerOf('id')).toBe('none');
  expect(await owners.take('id', 'key')).toBe(false);
  expect(await owners.take('id', 'none')).toBe(true);
  setBack();
  await expect.poll(() => memory.ownerOf('id')).toBe('none');
  expect(await owners.take('id', 'key')).toBe(false);
});

test('an object with an unknown owner is not claimed during an outage', async () => {
  const { owners, setGone } = start();
  setGone();
  await expect(owners.take('id', 'key')).rejects.toThrow(IdempotencyUnavailableError);
  await expect(owners.ownerOf('id')).rejects.toThrow(IdempotencyUnavailableError);
});

test('note returns false if another key has just claimed the object', async () => {
  const { owners } = start();
  expect(await owners.take('id', 'key')).toBe(true);
  expect(await owners.note('id', 'none')).toBe(false);
  expect(await owners.ownerOf('id')).toBe('key');
});

test('owners may be incomplete for a while after an outage, and after the start', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  onTestFinished(() => now.mockRestore());
  const { owners } = start();
  expect(owners.incompleteMs).toBe(5_000);
  now.mockReturnValue(5_000);
  expect(owners.incompleteMs).toBeUndefined();
  owners.noteTrouble();
  now.mockReturnValue(9_000);
  expect(owners.incompleteMs).toBe(1_000);
  expect(start(false).owners.incompleteMs).toBeUndefined();
});
