import type { JWTVerifyGetKey } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TokenVerifier } from '../../../src/auth/authenticate.ts';
import { inSeconds, makeKey, RULES, sign } from '../../support/token-issuer.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A verifier, the number of signatures that it has checked, and the version of its keys. */
async function start() {
  const key = await makeKey('first');
  const keys = {
    version: 1 as number | undefined,
    checks: 0,
    keyOf: (() => {
      keys.checks += 1;
      return key.publicKey;
    }) as JWTVerifyGetKey,
  };
  const verifier = new TokenVerifier(keys, RULES);
  return { keys, verifier, token: (claims: Readonly<Record<string, unknown>> = {}) => sign(claims, { key }) };
}

test('the signature of a token is checked once', async () => {
  const { keys, verifier, token } = await start();
  const text = await token();
  const first = await verifier.callerOf(text);
  expect(await verifier.callerOf(text)).toEqual(first);
  expect(keys.checks).toBe(1);
});

test('a token with another signature is another token', async () => {
  const { keys, verifier, token } = await start();
  const text = await token();
  await verifier.callerOf(text);
  const forged = `${text.slice(0, -4)}AAAA`;
  for (let n = 0; n < 2; n += 1) await expect(verifier.callerOf(forged)).rejects.toThrow('invalid');
  expect(keys.checks).toBe(3);
});

test.each([
  ['changed', 2],
  ['must be read again', undefined],
])('a token is verified again when the keys have %s', async (_, version) => {
  const { keys, verifier, token } = await start();
  const text = await token();
  await verifier.callerOf(text);
  keys.version = version;
  await verifier.callerOf(text);
  expect(keys.checks).toBe(2);
});

test('a token that keys verified which were replaced meanwhile is not remembered', async () => {
  const { keys, verifier, token } = await start();
  const text = await token();
  const { keyOf } = keys;
  keys.keyOf = (...args) => {
    keys.version = 2;
    return keyOf(...args);
  };
  for (let n = 0; n < 3; n += 1) await verifier.callerOf(text);
  expect(keys.checks).toBe(2);
});

test('a remembered token expires with its clock skew', async () => {
  const { verifier, token } = await start();
  const text = await token({ exp: inSeconds(60) });
  await verifier.callerOf(text);
  vi.advanceTimersByTime((60 + RULES.clockSkewSeconds - 1) * 1000);
  await verifier.callerOf(text);
  vi.advanceTimersByTime(1_000);
  await expect(verifier.callerOf(text)).rejects.toThrow('invalid');
});

test('a remembered token is refused before its time when the clock is set back', async () => {
  const { verifier, token } = await start();
  const text = await token({ nbf: inSeconds(0) });
  await verifier.callerOf(text);
  vi.setSystemTime(Date.now() - (RULES.clockSkewSeconds + 2) * 1000);
  await expect(verifier.callerOf(text)).rejects.toThrow('invalid');
});
