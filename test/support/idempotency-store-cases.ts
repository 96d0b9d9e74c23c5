import { expect, test } from 'vitest';
import type { Claim, Claimed, IdempotencyStore } from '../../src/idempotency/idempotency-store.ts';

export interface StoreUnderTest {
  readonly store: IdempotencyStore;
  /** Advances the time of the store. */
  readonly pass: (ms: number) => Promise<void>;
}

export const TTL_MS = 4_000;
export const FIRST = { kind: 'first', keptMs: expect.any(Number), keptSince: expect.any(Number) };

export const CALL = { serviceTimeMs: 7, sentMs: 0, quietMs: 0 };

export function resumedOf(claimed: Claimed) {
  if (claimed.kind !== 'resumed') throw new TypeError(`resumed, not ${claimed.kind}`);
  return claimed;
}

/** The tests that every store of idempotency keys must pass. */
export function storeCases(start: () => Promise<StoreUnderTest>): void {
  const ana = { fingerprint: 'input', token: 'ana' };
  const bea = { fingerprint: 'input', token: 'bea' };

  test('of many concurrent claims of a key one succeeds', async () => {
    const { store } = await start();
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, nth) => store.claim('key', { fingerprint: 'input', token: `t${nth}` })),
    );
    const kinds = claims.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual([...Array.from({ length: 49 }, () => 'busy'), 'first']);
  });

  test('a later claim returns the result, with any token', async () => {
    const { store } = await start();
    expect(await store.claim('key', ana)).toMatchObject(FIRST);
    expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
    expect(await store.complete('key', ana, '"result"')).toBe(true);
    for (const claim of [ana, bea])
      expect(await store.claim('key', claim)).toEqual({ kind: 'done', result: '"result"' });
  });

  test('another input is a conflict: during a call, after it, and while it is unresolved', async () => {
    const { store } = await start();
    const other = { fingerprint: 'other', token: 'bea' };
    await store.claim('running', ana);
    await store.claim('done', ana);
    await store.complete('done', ana, '1');
    await store.claim('left', ana);
    await store.recordSend('left', 'ana', 0);
    await store.suspend('left', ana, CALL);
    for (const name of ['running', 'done', 'left'])
      expect(await store.claim(name, other)).toEqual({ kind: 'conflict' });
    expect(await store.claim('a key of its own', other)).toMatchObject(FIRST);
  });

  test('a freed key can be claimed as new, also with another input', async () => {
    const { store } = await start();
    await store.claim('key', ana);
    expect(await store.free('key', 'ana')).toBe(true);
    expect(await store.claim('key', { fingerprint: 'other', token: 'bea' })).toMatchObject(FIRST);
  });

  test('a suspended claim without a sent call leaves no record', async () => {
    const { store } = await start();
    await store.claim('key', ana);
    await store.suspend('key', ana, undefined);
    expect(await store.claim('key', { fingerprint: 'other', token: 'bea' })).toMatchObject(FIRST);
  });

  test('a resumed claim returns the saved progress and the unresolved call', async () => {
    const { store, pass } = await start();
    await store.claim('key', ana);
    await store.save('key', ana, '{"step":1}');
    expect(await store.suspend('key', ana, undefined)).toBe(true);
    expect(await store.claim('key', bea)).toMatchObject({
      kind: 'resumed',
      progress: '{"step":1}',
      sent: undefined,
    });
    expect(await store.recordSend('key', 'bea', 1_234)).toBe(true);
    await store.suspend('key', bea, { serviceTimeMs: 1_234, sentMs: 100, quietMs: 50 });
    await pass(200);
    const { sent, ...resumed } = resumedOf(await store.claim('key', ana));
    expect(resumed).toMatchObject({ progress: '{"step":1}' });
    expect(sent?.serviceTimeMs).toBe(1_234);
    expect(sent?.sentMs).toBeGreaterThanOrEqual(300);
    expect(sent?.quietMs).toBeGreaterThanOrEqual(250);
    expect(sent?.quietMs).toBeLessThan(sent?.sentMs ?? 0);

    // Saving progress resolves the call.
    await store.suspend('key', ana, sent);
    await store.claim('key', bea);
    await store.save('key', bea, '{"step":2}');
    await store.suspend('key', bea, undefined);
    expect(await store.claim('key', ana)).toMatchObject({ progress: '{"step":2}', sent: undefined });
    // A refused call has no outcome.
    await store.recordSend('key', 'ana', 0);
    await store.suspend('key', ana, undefined);
    expect(await store.claim('key', bea)).toMatchObject({ sent: undefined });
  });

  test('without a claim no method changes a key', async () => {
    const { store } = await start();
    const attempts = (name: string, claim: Claim) =>
      Promise.all([
        store.renew(name, claim, undefined),
        store.recordSend(name, claim.token, 0),
        store.save(name, claim, '"wrong"'),
        store.suspend(name, claim, undefined),
        store.free(name, claim.token),
        store.complete(name, claim, '"wrong"'),
      ]);
    const nothing = [false, false, false, false, false, false];
    await store.claim('key', ana);
    expect(await attempts('key', bea)).toEqual(nothing);
    expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
    await store.recordSend('key', 'ana', 0);
    await store.suspend('key', ana, CALL);
    // Released, so no longer held.
    expect(await attempts('key', ana)).toEqual(nothing);
    await store.claim('key', bea);
    await store.complete('key', bea, '"right"');
    expect(await attempts('key', bea)).toEqual(nothing);
    expect(await store.claim('key', ana)).toEqual({ kind: 'done', result: '"right"' });
  });

  test('a call of an unknown key is not recorded', async () => {
    const { store } = await start();
    await store.claim('key', ana);
    await store.free('key', 'ana');
    expect(await store.recordSend('key', 'ana', 0)).toBe(false);
    expect(await store.claim('key', bea)).toMatchObject(FIRST);
  });

  test('an object has one owner key', async () => {
    const { store } = await start();
    expect(await store.ownerOf('id')).toBeUndefined();
    expect(await store.own('id', 'key')).toBe(true);
    expect(await store.own('id', 'key')).toBe(true);
    expect(await store.own('id', 'another')).toBe(false);
    expect(await store.ownerOf('id')).toBe('key');
  });

  test('a key and its owned objects expire after their time to live since the last use', async () => {
    const { store, pass } = await start();
    await store.claim('done', ana);
    await store.complete('done', ana, '1');
    await store.claim('left', ana);
    await store.save('left', ana, '1');
    await store.suspend('left', ana, undefined);
    await store.own('id', 'done');
    await pass(TTL_MS / 2);
    expect(await store.claim('done', bea)).toMatchObject({ kind: 'done' });
    expect(await store.claim('left', bea)).toMatchObject({ kind: 'resumed' });
    await store.suspend('left', bea, undefined);
    await pass(TTL_MS + 100);
    expect(await store.claim('done', bea)).toMatchObject(FIRST);
    expect(await store.claim('left', bea)).toMatchObject(FIRST);
    expect(await store.ownerOf('id')).toBeUndefined();
  });
}
