import { expect, test, vi } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import type { Attempt } from '../../../../src/idempotency/attempt.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { Idempotency } from '../../../../src/idempotency/idempotency.ts';
import { MemoryIdempotencyStore } from '../../../../src/idempotency/memory-store.ts';
import { IdempotencyUnavailableError } from '../../../../src/idempotency/idempotency-store.ts';
import type { Claim, Claimed, IdempotencyStore } from '../../../../src/idempotency/idempotency-store.ts';
import { runOnce } from '../../../../src/resolvers/shared/run-once.ts';
import { ServiceClock } from '../../../../src/upstream/pipeline/service-clock.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import type { UpstreamErrorKind } from '../../../../src/upstream/failure.ts';

/** An idempotent operation with a store that a test can break. */
function startKeys(spoil: Partial<IdempotencyStore> = {}) {
  const memory = new MemoryIdempotencyStore({ ttlMs: 60_000 });
  const claimed = memory.claim.bind(memory);
  const store = Object.assign(memory, {
    isShared: true,
    async claim(name: string, claim: Claim): Promise<Claimed> {
      const found = await claimed(name, claim);
      // Nothing is older than the store.
      return found.kind === 'first' ? { ...found, keptMs: Infinity } : found;
    },
    ...spoil,
  });
  const idempotency = new Idempotency({
    store,
    realm: 'http://service',
    times: { ...loadConfig({}).idempotency, wait: 200, lease: 30 },
    clock: new ServiceClock(),
    events: createEvents(),
  });
  const leaving = new AbortController();
  const context = { caller: { kind: 'none' }, idempotency, signal: leaving.signal } as const;
  return {
    store,
    idempotency,
    leave: () => leaving.abort(),
    run: (run: (attempt: Attempt) => Promise<number>) =>
      runOnce(context, {
        operation: 'addUp',
        idempotencyKey: 'key',
        input: { what: 'ever' },
        run: async (attempt) => {
          const value = await run(attempt);
          return { value, result: value };
        },
        replay: async (result) => Number(result),
      }),
  };
}

const failure = (kind: UpstreamErrorKind): UpstreamError => new UpstreamError({ operation: 'addUp', kind });
const failing = (kind: UpstreamErrorKind) => () => Promise.reject(failure(kind));

test('saved steps do not run again', async () => {
  const keys = startKeys();
  const taken: string[] = [];
  const workflow =
    (failsAt?: string) =>
    async (attempt: Attempt): Promise<number> => {
      let progress = (attempt.progress ?? {}) as Record<string, number>;
      for (const [nth, step] of ['dossier', 'signer', 'request'].entries()) {
        if (progress[step] !== undefined) continue;
        if (step === failsAt) throw failure('unprocessable');
        taken.push(step);
        progress = { ...progress, [step]: nth };
        expect(await attempt.save(progress)).toBe(true);
      }
      return Object.values(progress).length;
    };
  await expect(keys.run(workflow('signer'))).rejects.toThrow('unprocessable');
  await expect(keys.run(workflow('request'))).rejects.toThrow('unprocessable');
  expect(taken).toEqual(['dossier', 'signer']);
  expect(await keys.run(workflow())).toBe(3);
  expect(await keys.run(workflow())).toBe(3);
  expect(taken).toEqual(['dossier', 'signer', 'request']);
});

test.each<[UpstreamErrorKind, 'new' | 'unresolved']>([
  ['unreachable', 'new'],
  ['rate-limited', 'new'],
  ['unauthorized', 'new'],
  ['bad-request', 'new'],
  ['timeout', 'unresolved'],
  ['connection-lost', 'unresolved'],
  ['aborted', 'unresolved'],
  ['server-error', 'unresolved'],
  ['contract', 'unresolved'],
])('after a call that failed as %s the key is %s', async (kind, state) => {
  const keys = startKeys();
  await expect(keys.run((attempt) => attempt.sending(failing(kind)))).rejects.toThrow(kind);
  await keys.run(async (attempt) => {
    expect(attempt.unresolved?.kind).toBe(state === 'new' ? undefined : 'unanswered');
    return 1;
  });
});

test('a failure outside the service leaves a sent call unresolved', async () => {
  const keys = startKeys();
  const bug = async (): Promise<never> => {
    throw new TypeError('a bug');
  };
  await expect(keys.run((attempt) => attempt.sending(bug))).rejects.toThrow('a bug');
  await keys.run(async (attempt) => {
    expect(attempt.unresolved?.kind).toBe('unanswered');
    return 1;
  });
});

test('resolving a call releases the key', async () => {
  const keys = startKeys();
  await expect(keys.run((attempt) => attempt.sending(failing('timeout')))).rejects.toThrow('timeout');
  const refused = keys.run(async (attempt) => {
    attempt.clear();
    return attempt.sending(failing('unprocessable'));
  });
  await expect(refused).rejects.toThrow('unprocessable');
  await keys.run(async (attempt) => {
    expect(attempt.unresolved).toBeUndefined();
    return 1;
  });
});

test('an attempt that lost its key returns the outcome of the other', async () => {
  const keys = startKeys();
  const name = vi.spyOn(keys.store, 'claim');
  const value = await keys.run(async () => {
    const [record = ''] = name.mock.calls[0] ?? [];
    const token = name.mock.calls[0]?.[1].token ?? '';
    // Another gateway considers this one dead.
    const fingerprint = name.mock.calls[0]?.[1].fingerprint ?? '';
    await keys.store.recordSend(record, token, 0);
    await keys.store.suspend(record, { token, fingerprint }, { serviceTimeMs: 0, sentMs: 0, quietMs: 0 });
    const claim = { fingerprint, token: 'another' };
    expect(await keys.store.claim(record, claim)).toMatchObject({ kind: 'resumed' });
    await keys.store.complete(record, claim, '2');
    return 1;
  });
  expect(value).toBe(2);
});

test('a caller who disconnects while waiting for another attempt is not held', async () => {
  const keys = startKeys();
  const ends = Promise.withResolvers<number>();
  const first = keys.run(() => ends.promise);
  const second = keys.run(async () => 2);
  keys.leave();
  await expect(second).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', cause: { kind: 'aborted' } });
  ends.resolve(1);
  expect(await first).toBe(1);
});

test('no heartbeat is sent while nothing runs', async () => {
  const renew = vi.fn(() => Promise.resolve(true));
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const keys = startKeys({ renew });
  await keys.run(async () => 1);
  await expect(keys.run(async () => 1)).resolves.toBe(1);
  const other = startKeys({ renew });
  await expect(other.run((attempt) => attempt.sending(failing('timeout')))).rejects.toThrow();
  await Promise.all([keys.idempotency.close(), other.idempotency.close()]);
  expect(timers()).toBeLessThanOrEqual(before);
});

const unavailable = () => Promise.reject(new IdempotencyUnavailableError('gone'));

test('a call that cannot be recorded is not sent, and its key is released when the store is back', async () => {
  const keys = startKeys();
  const recordSend = vi.spyOn(keys.store, 'recordSend').mockImplementation(unavailable);
  const free = vi.spyOn(keys.store, 'free').mockImplementation(unavailable);
  const call = vi.fn(async () => 1);
  const failed = keys.run((attempt) => attempt.sending(call));
  await expect(failed).rejects.toMatchObject({ code: 'IDEMPOTENCY_UNAVAILABLE' });
  expect(call).not.toHaveBeenCalled();
  // The store has performed the claim, and receives its release.
  recordSend.mockRestore();
  free.mockRestore();
  const second = keys.run(async (attempt) => {
    expect(attempt.unresolved).toBeUndefined();
    return attempt.sending(async () => 2);
  });
  expect(await second).toBe(2);
});

test('a result that cannot be stored is returned, and stored when the store is back', async () => {
  const keys = startKeys();
  const complete = vi.spyOn(keys.store, 'complete').mockImplementation(unavailable);
  expect(await keys.run((attempt) => attempt.sending(async () => 1))).toBe(1);
  complete.mockRestore();
  expect(await keys.run(async () => 2)).toBe(1);
});

test('an attempt that lost its key before it sent anything sends nothing, and returns the outcome of the other', async () => {
  const keys = startKeys();
  const claims = vi.spyOn(keys.store, 'claim');
  const call = vi.fn(async () => 1);
  const value = await keys.run(async (attempt) => {
    const [name = '', { token, fingerprint } = { token: '', fingerprint: '' }] = claims.mock.calls[0] ?? [];
    await keys.store.free(name, token);
    const other = { fingerprint, token: 'another' };
    await keys.store.claim(name, other);
    await keys.store.complete(name, other, '2');
    return attempt.sending(call);
  });
  expect(value).toBe(2);
  expect(call).not.toHaveBeenCalled();
});
