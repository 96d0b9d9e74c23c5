import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/redis/address.ts';
import type { RedisAddress } from '../../src/redis/address.ts';
import { secretsOf } from '../../src/config/secrets.ts';

const PLAIN: RedisAddress = {
  nodes: [{ host: 'a', port: 6379 }],
  isTls: false,
  username: undefined,
  password: undefined,
  database: 0,
  sentinel: undefined,
};
const SENTINEL = { primary: 'main', username: undefined, password: undefined };

test.each<[string, Partial<RedisAddress>]>([
  ['redis://a', {}],
  ['REDIS://a/', {}],
  ['redis://a:7000/12', { nodes: [{ host: 'a', port: 7000 }], database: 12 }],
  ['rediss://a', { isTls: true }],
  ['redis://[::1]:7000', { nodes: [{ host: '::1', port: 7000 }] }],
  ['redis://:p%40ss@a', { password: 'p@ss' }],
  ['redis://me:p@ss@a', { username: 'me', password: 'p@ss' }],
  [
    'rediss://me:pass@a:7000,b.example,[::1]:7001',
    {
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'b.example', port: 6379 },
        { host: '::1', port: 7001 },
      ],
      isTls: true,
      username: 'me',
      password: 'pass',
    },
  ],
  ['redis+sentinel://a/main', { nodes: [{ host: 'a', port: 26379 }], sentinel: SENTINEL }],
  [
    'rediss+sentinel://:pass@a,b:7000/main/3?sentinelUsername=me&sentinelPassword=p%40ss',
    {
      nodes: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 7000 },
      ],
      isTls: true,
      password: 'pass',
      database: 3,
      sentinel: { primary: 'main', username: 'me', password: 'p@ss' },
    },
  ],
])('parses %s', (text, expected) => {
  expect(parseRedisUrl(text)).toEqual({ ...PLAIN, ...expected });
});

test.each([
  '',
  'a:6379',
  'http://a',
  'redis:a',
  'redis://',
  'redis://a,',
  'redis://a,,b',
  'redis://a:99999',
  'redis://a:b',
  'redis://a/x',
  'redis://a/1/2',
  'redis://a#1',
  'redis://a?family=6',
  'redis://:100%@a',
  'redis+sentinel://a',
  'redis+sentinel://a/',
  'redis+sentinel://a/main/x',
  'redis+sentinel://a/main?password=x',
])('refuses %s', (text) => {
  expect(parseRedisUrl(text)).toBeUndefined();
});

test('no password appears in logs', () => {
  const redisUrl = 'redis+sentinel://me:one%40pass@a,b/main?sentinelPassword=another%40pass';
  expect(secretsOf({ apiKey: undefined, redisUrl })).toEqual(['one@pass', 'another@pass']);
});
