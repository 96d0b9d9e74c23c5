import { expect, test } from 'vitest';
import type { IdempotencyStore } from '../../src/idempotency/store.ts';

export interface StoreUnderTest {
  readonly store: IdempotencyStore;
  /** Lets so much time pass for the store. */
  readonly pass: (ms: number) => Promise<void>;
}

export const TTL_MS = 4_000;

/** What every store of idempotency keys must do. */
export function storeCases(start: () => Promise<StoreUnderTest>): void {
  const ana = { fingerprint: 'input', token: 'ana' };
  const bea = { fingerprint: 'input', token: 'bea' };

  test('a key is claimed by one of many who come at the same time', async () => {
    const { store } = await start();
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, nth) => store.claim('key', { fingerprint: 'input', token: `t${nth}` })),
    );
    const kinds = claims.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual([...Array.from({ length: 49 }, () => 'busy'), 'first']);
  });

  test('who comes later gets the result, whoever they are', async () => {
    const { store } = await start();
    expect(await store.claim('key', ana)).toEqual({ kind: 'first' });
    expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
    expect(await store.complete('key', 'ana', '"result"')).toBe(true);
    for (const claim of [ana, bea])
      expect(await store.claim('key', claim)).toEqual({ kind: 'done', result: '"result"' });
  });

  test('another input is a conflict, while it runs, when it is done and when it was left', async () => {
    const { store } = await start();
    const other = { fingerprint: 'other', token: 'bea' };
    await store.claim('running', ana);
    await store.claim('done', ana);
    await store.complete('done', 'ana', '1');
    await store.claim('left', ana);
    await store.suspend('left', 'ana', 0);
    for (const name of ['running', 'done', 'left'])
      expect(await store.claim(name, other)).toEqual({ kind: 'conflict' });
    expect(await store.claim('a key of its own', other)).toEqual({ kind: 'first' });
  });

  test('a key that is freed is as new, also for another input', async () => {
    const { store } = await start();
    await store.claim('key', ana);
    expect(await store.free('key', 'ana')).toBe(true);
    expect(await store.claim('key', { fingerprint: 'other', token: 'bea' })).toEqual({ kind: 'first' });
  });

  test('who goes on finds what was saved, and since when there is doubt', async () => {
    const { store, pass } = await start();
    await store.claim('key', ana);
    await store.save('key', 'ana', '{"step":1}');
    expect(await store.suspend('key', 'ana', 'none')).toBe(true);
    expect(await store.claim('key', bea)).toEqual({
      kind: 'resumed',
      progress: '{"step":1}',
      startedAt: expect.closeTo(Date.now(), -5),
      ageMs: expect.any(Number),
      doubtMs: undefined,
    });
    await store.suspend('key', 'bea', 500);
    await pass(200);
    const doubted = await store.claim('key', ana);
    expect(doubted).toMatchObject({ kind: 'resumed', progress: '{"step":1}' });
    if (doubted.kind !== 'resumed') throw new TypeError('resumed');
    expect(doubted.doubtMs).toBeGreaterThanOrEqual(700);
    expect(doubted.ageMs).toBeGreaterThanOrEqual(200);

    // Left as it was found.
    await store.suspend('key', 'ana', 'kept');
    const kept = await store.claim('key', bea);
    expect(kept.kind === 'resumed' && kept.doubtMs).toBeGreaterThanOrEqual(doubted.doubtMs ?? Infinity);

    // Whoever saves has found out.
    await store.save('key', 'bea', '{"step":2}');
    await store.suspend('key', 'bea', 'kept');
    expect(await store.claim('key', ana)).toMatchObject({ progress: '{"step":2}', doubtMs: undefined });
    await store.suspend('key', 'ana', 0);
    await store.claim('key', bea);
    await store.suspend('key', 'bea', 'none');
    expect(await store.claim('key', ana)).toMatchObject({ doubtMs: undefined });
  });

  test('whoever does not hold a key changes nothing', async () => {
    const { store } = await start();
    const attempts = (name: string, token: string) =>
      Promise.all([
        store.renew(name, token),
        store.save(name, token, '"wrong"'),
        store.suspend(name, token, 'none'),
        store.free(name, token),
        store.complete(name, token, '"wrong"'),
      ]);
    const nothing = [false, false, false, false, false];
    expect(await attempts('never claimed', 'ana')).toEqual(nothing);
    await store.claim('key', ana);
    expect(await attempts('key', 'bea')).toEqual(nothing);
    expect(await store.claim('key', bea)).toEqual({ kind: 'busy' });
    await store.suspend('key', 'ana', 'none');
    // Let go of, and not theirs any longer.
    expect(await attempts('key', 'ana')).toEqual(nothing);
    await store.claim('key', bea);
    await store.complete('key', 'bea', '"right"');
    expect(await attempts('key', 'bea')).toEqual(nothing);
    expect(await store.claim('key', ana)).toEqual({ kind: 'done', result: '"right"' });
  });

  test('what was made belongs to one key', async () => {
    const { store } = await start();
    expect(await store.ownerOf('id')).toBeUndefined();
    expect(await store.own('id', 'key')).toBe(true);
    expect(await store.own('id', 'key')).toBe(true);
    expect(await store.own('id', 'another')).toBe(false);
    expect(await store.ownerOf('id')).toBe('key');
  });

  test('a key is forgotten when its time has passed since its last use, and what it owned', async () => {
    const { store, pass } = await start();
    await store.claim('done', ana);
    await store.complete('done', 'ana', '1');
    await store.claim('left', ana);
    await store.save('left', 'ana', '1');
    await store.suspend('left', 'ana', 'none');
    await store.own('id', 'done');
    await pass(TTL_MS / 2);
    expect(await store.claim('done', bea)).toMatchObject({ kind: 'done' });
    expect(await store.claim('left', bea)).toMatchObject({ kind: 'resumed' });
    await store.suspend('left', 'bea', 'none');
    await pass(TTL_MS + 100);
    expect(await store.claim('done', bea)).toEqual({ kind: 'first' });
    expect(await store.claim('left', bea)).toEqual({ kind: 'first' });
    expect(await store.ownerOf('id')).toBeUndefined();
  });
}
