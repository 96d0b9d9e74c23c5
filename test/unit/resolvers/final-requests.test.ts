import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import { FinalRequests } from '../../../src/resolvers/final-requests.ts';
import type { SignatureRequest } from '../../../src/upstream/decode.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Reads requests of this status, and counts the reads of the service. */
function reading(status: string, { max = 10 }: { readonly max?: number } = {}) {
  const kept = new FinalRequests({ max, events: createEvents() });
  let reads = 0;
  return async (id: string, caller = 'a caller'): Promise<number> => {
    const found = await kept.read(caller, id, async () => {
      reads += 1;
      return { id, status } as SignatureRequest;
    });
    expect(found).toEqual({ id, status });
    return reads;
  };
}

test.each(['REJECTED', 'CANCELLED'])('a request in %s is read once', async (status) => {
  const read = reading(status);
  await read('A');
  vi.advanceTimersByTime(30 * 86_400_000);
  expect(await read('A')).toBe(1);
});

test('a SIGNED request is read again after a minute, because its download URLs expire', async () => {
  const read = reading('SIGNED');
  await read('A');
  vi.advanceTimersByTime(59_999);
  expect(await read('A')).toBe(1);
  vi.advanceTimersByTime(1);
  expect(await read('A')).toBe(2);
  expect(await read('A')).toBe(2);
});

test('the minute begins with the read, however long that takes', async () => {
  const kept = new FinalRequests({ max: 1, events: createEvents() });
  const slow = vi.fn(async () => {
    vi.advanceTimersByTime(60_000);
    return { status: 'SIGNED' } as SignatureRequest;
  });
  await kept.read('a caller', 'A', slow);
  await kept.read('a caller', 'A', slow);
  expect(slow).toHaveBeenCalledTimes(2);
});

test.each(['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'A_NEW_STATUS'])(
  'a request in %s is read each time',
  async (status) => {
    const read = reading(status);
    await read('A');
    expect(await read('A')).toBe(2);
  },
);

test('no caller gets what another one has read', async () => {
  const read = reading('CANCELLED');
  await read('A', 'one');
  expect(await read('A', 'another')).toBe(2);
});

test('beyond the maximum, the request that was used least recently gives way', async () => {
  const read = reading('CANCELLED', { max: 2 });
  await read('A');
  await read('B');
  await read('A');
  await read('C');
  expect(await read('A')).toBe(3);
  expect(await read('B')).toBe(4);
});

test('each read of a kept request is an event, and no other', async () => {
  const events = createEvents();
  const saved: string[] = [];
  events.on('cachedRead', ({ operation }) => saved.push(operation));
  const kept = new FinalRequests({ max: 1, events });
  const read = async () => ({ status: 'CANCELLED' }) as SignatureRequest;
  await kept.read('a caller', 'A', read);
  expect(saved).toEqual([]);
  await kept.read('a caller', 'A', read);
  expect(saved).toEqual(['getSignatureRequest']);
});

test('a failed read keeps nothing', async () => {
  const kept = new FinalRequests({ max: 1, events: createEvents() });
  await expect(kept.read('a caller', 'A', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  const request = { status: 'CANCELLED' } as SignatureRequest;
  expect(await kept.read('a caller', 'A', async () => request)).toBe(request);
});
