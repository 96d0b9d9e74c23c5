import crypto from 'node:crypto';
import { renameSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ApiKeysError, ApiKeys, readApiKeys } from '../../src/auth/api-keys.ts';
import { hashOf, keysText, temporaryFile } from '../support/api-keys.ts';
import { callerAt } from '../support/caller.ts';
import { logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const OPERATOR = { name: 'back office', role: 'operator' };
const READER = { name: 'statistics', role: 'reader' };

function open(text: string) {
  const file = temporaryFile('keys.json', text);
  const reloads: (string | undefined)[] = [];
  const keys = new ApiKeys({ file, pollMs: 10, onReload: (failure) => reloads.push(failure?.message) });
  onTestFinished(() => keys.close());
  return { file, keys, reloads };
}

test('a key belongs to its owner in the file', () => {
  const { keys } = open(keysText({ one: { ...OPERATOR, tenant: 'alfa' }, two: READER }));
  expect(keys.ownerOf('one')).toStrictEqual({
    kind: 'api-key',
    subject: 'back office',
    role: 'operator',
    tenant: 'alfa',
    expiresAt: undefined,
  });
  expect(keys.ownerOf('two')).toMatchObject({ subject: 'statistics', role: 'reader', tenant: undefined });
  for (const key of ['', 'on', 'one ', 'ONE', 'three', hashOf('one')])
    expect(keys.ownerOf(key), key).toBe(undefined);
});

test('every entry is compared in constant time, even after a match', () => {
  const { keys } = open(keysText(Object.fromEntries(['a', 'b', 'c', 'd'].map((key) => [key, OPERATOR]))));
  const compare = vi.spyOn(crypto, 'timingSafeEqual');
  syncBuiltinESMExports();
  onTestFinished(() => {
    compare.mockRestore();
    syncBuiltinESMExports();
  });
  for (const key of ['a', 'b', 'd', 'unknown']) {
    compare.mockClear();
    keys.ownerOf(key);
    expect(compare, key).toHaveBeenCalledTimes(4);
    for (const [known, given] of compare.mock.calls) {
      expect(known).toHaveLength(32);
      expect(given).toEqual(Buffer.from(hashOf(key), 'hex'));
    }
  }
});

describe('a file that changes', () => {
  const before = keysText({ old: OPERATOR });
  const after = keysText({ new: OPERATOR });

  const CHANGES: readonly (readonly [string, (file: string) => void])[] = [
    ['written over', (file) => writeFileSync(file, after)],
    [
      'replaced by a rename, as editors and deployments do',
      (file) => {
        writeFileSync(`${file}.new`, after);
        renameSync(`${file}.new`, file);
      },
    ],
    [
      'deleted and written again',
      (file) => {
        rmSync(file);
        writeFileSync(file, after);
      },
    ],
    [
      'a symbolic link with a new target, as mounted secrets are',
      (file) => {
        const target = join(dirname(file), 'mounted.json');
        writeFileSync(target, after);
        unlinkSync(file);
        symlinkSync(target, file);
      },
    ],
    [
      'changed with its old timestamps',
      (file) => {
        writeFileSync(file, after);
        utimesSync(file, new Date(0), new Date(0));
      },
    ],
  ];

  test.each(CHANGES)('is read again: %s', async (_, change) => {
    const { file, keys, reloads } = open(before);
    utimesSync(file, new Date(0), new Date(0));
    expect(keys.ownerOf('old')).toBeDefined();
    change(file);
    await expect.poll(() => keys.ownerOf('new')).toMatchObject({ role: 'operator' });
    expect(keys.ownerOf('old')).toBe(undefined);
    expect(reloads.at(-1)).toBe(undefined);
  });

  test('is not read again after `close`', async () => {
    const { file, keys, reloads } = open(before);
    keys.close();
    writeFileSync(file, after);
    const other = new ApiKeys({ file, pollMs: 1, onReload: () => {} });
    onTestFinished(() => other.close());
    writeFileSync(file, keysText({ newer: OPERATOR }));
    await expect.poll(() => other.ownerOf('newer')).toBeDefined();
    expect(keys.ownerOf('old')).toBeDefined();
    expect(reloads).toEqual([]);
  });

  const WRONG_HASH = 'its name must be the SHA-256 of a key in hex';
  const BROKEN: readonly (readonly [string, string | undefined, string])[] = [
    ['half of it', before.slice(0, 40), 'must be a readable JSON file'],
    ['nothing', '', 'must be a readable JSON file'],
    ['no file', undefined, 'must be a readable JSON file'],
    ['a list', '[]', 'invalid file: Invalid input: expected record, received array'],
    [
      'a key that is not hashed',
      JSON.stringify({ secret: OPERATOR }),
      `invalid file: entry 1: ${WRONG_HASH}`,
    ],
    [
      'a hash in capitals',
      JSON.stringify({ [hashOf('x').toUpperCase()]: OPERATOR }),
      `invalid file: entry 1: ${WRONG_HASH}`,
    ],
    [
      'a citizen',
      keysText({ one: OPERATOR, two: { name: 'x', role: 'citizen' } }),
      'invalid file: entry 2.role: must be operator or reader',
    ],
    ['no name', keysText({ one: { role: 'reader' } }), 'invalid file: entry 1.name: '],
    ['an empty name', keysText({ one: { ...READER, name: '' } }), 'entry 1.name: must not be empty'],
    ['an empty tenant', keysText({ one: { ...READER, tenant: '' } }), 'entry 1.tenant: must not be empty'],
    ['a misspelt member', keysText({ one: { ...READER, tenants: 'alfa' } }), 'invalid file: entry 1: '],
  ];

  test.each(BROKEN)('an invalid file changes nothing: %s', async (_, text, message) => {
    const { file, keys, reloads } = open(before);
    if (text === undefined) rmSync(file);
    else writeFileSync(file, text);
    await expect.poll(() => reloads).toHaveLength(1);
    expect(reloads[0]).toContain(message);
    expect(reloads[0]).not.toMatch(/secret|[\da-f]{64}/i);
    expect(keys.ownerOf('old')).toBeDefined();
    // Logged once, not every second; and the corrected file is read.
    writeFileSync(file, after);
    await expect.poll(() => keys.ownerOf('new')).toBeDefined();
    expect(reloads).toEqual([reloads[0], undefined]);
  });

  test.each(BROKEN)('an invalid file fails the start: %s', (_, text, message) => {
    const file = temporaryFile('keys.json', text ?? '');
    if (text === undefined) rmSync(file);
    expect(() => readApiKeys(file)).toThrow(ApiKeysError);
    expect(() => readApiKeys(file)).toThrow(message);
  });
});

test('a gateway accepts a key in either header, reloads the file, and logs no key', async () => {
  const file = temporaryFile('keys.json', keysText({ 's3cret-one': OPERATOR }));
  const logs = logSink();
  const { url } = await startGateway({ auth: { mode: 'api-key', file, pollMs: 10 }, logger: logs.logger });
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await callerAt(url, headers).ask('{ __typename }')).status;
  expect(await statusOf({ 'x-api-key': 's3cret-one' })).toBe(200);
  expect(await statusOf({ authorization: 'Bearer s3cret-one' })).toBe(200);
  expect(await statusOf({ authorization: 'bearer  s3cret-one ' })).toBe(200);
  expect(await statusOf({ authorization: 's3cret-one' })).toBe(401);
  writeFileSync(file, 'broken s3cret-one');
  await expect.poll(() => logs.lines().map(({ level }) => level)).toContain(50);
  expect(await statusOf({ 'x-api-key': 's3cret-one' })).toBe(200);
  writeFileSync(file, keysText({ 's3cret-two': READER }));
  await expect.poll(() => statusOf({ 'x-api-key': 's3cret-one' })).toBe(401);
  expect(await statusOf({ 'x-api-key': 's3cret-two' })).toBe(200);
  const words = logs.lines().map(({ level, msg, reason }) => [level, msg, reason]);
  expect(words).toContainEqual([
    50,
    'the file of API keys cannot be used: the keys stay as they were',
    'must be a readable JSON file',
  ]);
  expect(words).toContainEqual([30, 'the file of API keys was read again', undefined]);
  expect(JSON.stringify(logs.lines())).not.toMatch(/s3cret|[\da-f]{64}/);
});
