import { generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createAuthentication } from '../../src/auth/authenticate.ts';
import type { Caller } from '../../src/auth/caller.ts';
import type { KeySetOptions, KeySetError, UnusableKey } from '../../src/auth/key-set.ts';
import { callerAt, withToken } from '../support/caller.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { startGateway } from '../support/start-gateway.ts';
import { claimsOf, jwtOptions, makeKey, startTokenIssuer } from '../support/token-issuer.ts';
import type { TokenOptions } from '../support/token-issuer.ts';
import { NO_PROXY } from '../../src/upstream/connect-through.ts';

/** Clocks are manual; sockets and timeouts are real. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());
const pass = (seconds: number): unknown => vi.advanceTimersByTime(seconds * 1000);

/** A token verifier and an issuer, with the default times of the gateway. */
async function start(keySet: Partial<KeySetOptions> = {}) {
  const issuer = await startTokenIssuer();
  const failures: string[] = [];
  const unusable: UnusableKey[] = [];
  const authentication = createAuthentication(
    jwtOptions(issuer.url, { keySet }),
    {
      onKeySetFailure: ({ message }: KeySetError) => failures.push(message),
      onUnusableKey: (key) => unusable.push(key),
      onApiKeysReload: () => {},
    },
    NO_PROXY,
  );
  onTestFinished(() => authentication.close());
  const authenticate = (token: string): Promise<Caller> =>
    authentication.authenticate(new Headers(withToken(token)));
  return {
    issuer,
    failures,
    unusable,
    /** The result for a token with this key: `accepted`, or the reason of the refusal. */
    async outcome({ text, ...options }: TokenOptions & { readonly text?: string } = {}): Promise<string> {
      const token = text ?? (await issuer.sign({}, options));
      return authenticate(token).then(
        () => 'accepted',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    },
  };
}

/** Half of the minimum length. */
const WEAK: JWK = {
  ...generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' }),
  alg: 'RS256',
} as JWK;
const ACCEPTED = 'accepted';
const INVALID = 'authentication: invalid';
const UNAVAILABLE = 'authentication: unavailable';

test('the keys are read for the first token, and reused for the next', async () => {
  const { issuer, outcome } = await start();
  expect(issuer.readings()).toBe(0);
  expect(await Promise.all(Array.from({ length: 20 }, () => outcome()))).toEqual(Array(20).fill(ACCEPTED));
  expect(issuer.readings()).toBe(1);
});

test('an unknown key is fetched when a token names it, 30 seconds after the last refresh', async () => {
  const { issuer, outcome } = await start();
  await outcome();
  const second = await makeKey('second');
  issuer.publish(issuer.first, second);
  pass(29);
  expect(await outcome({ key: second })).toBe(INVALID);
  expect(issuer.readings()).toBe(1);
  pass(1);
  expect(await outcome({ key: second })).toBe(ACCEPTED);
  expect(await outcome()).toBe(ACCEPTED);
  expect(issuer.readings()).toBe(2);
});

test('any number of tokens with unknown keys cause one refresh in 30 seconds', async () => {
  const { issuer, outcome } = await start();
  await outcome();
  for (let minute = 1; minute <= 3; minute += 1) {
    pass(60);
    const kids = Array.from({ length: 20 }, (_, index) => ({
      header: { kid: `made-up-${minute}-${index}` },
    }));
    expect(new Set(await Promise.all(kids.map(outcome)))).toEqual(new Set([INVALID]));
    expect(issuer.readings()).toBe(1 + minute);
  }
});

test('a key that is no longer published is refused after 10 minutes at the latest', async () => {
  const { issuer, outcome } = await start();
  await outcome();
  const second = await makeKey('second');
  issuer.publish(second);
  pass(599);
  expect(await outcome()).toBe(ACCEPTED);
  pass(1);
  expect(await outcome()).toBe(INVALID);
  expect(await outcome({ key: second })).toBe(ACCEPTED);
});

test('an empty key set revokes all keys', async () => {
  const { issuer, outcome } = await start();
  await outcome();
  issuer.publish();
  pass(600);
  expect(await outcome()).toBe(INVALID);
});

test('a token without kid is verified with each key', async () => {
  const { issuer, outcome } = await start();
  const [second, third] = await Promise.all([makeKey('second'), makeKey('third')]);
  issuer.publish(issuer.first, second);
  const header = { kid: undefined };
  expect(await outcome({ header })).toBe(ACCEPTED);
  expect(await outcome({ header, key: second })).toBe(ACCEPTED);
  expect(await outcome({ header, key: third })).toBe(INVALID);
});

describe('a key that cannot verify tokens', () => {
  const encryption = { use: 'enc', alg: 'RSA-OAEP' };
  const UNUSABLE: readonly (readonly [string, (good: JWK, weak: JWK) => unknown, string])[] = [
    ['RSA of 1,024 bits', (_, weak) => weak, 'it has fewer than 2048 bits'],
    ['RSA without alg', (_, { alg: __, ...weak }) => weak, 'it has fewer than 2048 bits'],
    ['RSA without n', (_, { n: __, ...weak }) => weak, 'its members do not make a public RSA key for RS256'],
    [
      'EC of an unknown curve',
      (good) => ({ ...good, crv: 'P-257' }),
      'its members do not make a public EC key for ES256',
    ],
    [
      'EC of another curve',
      (good) => ({ ...good, alg: 'ES512' }),
      'its members do not make a public EC key for ES512',
    ],
    [
      'EC with broken numbers',
      (good) => ({ ...good, x: '!', y: '!' }),
      'its members do not make a public EC key for ES256',
    ],
    [
      'EC without numbers',
      ({ kid, kty, crv }) => ({ kid, kty, crv }),
      'its members do not make a public EC key',
    ],
    ['EC as RSA', (good) => ({ ...good, alg: 'RS256' }), 'its members do not make a public EC key for RS256'],
    ['for encryption', (good) => ({ ...good, ...encryption }), 'use is not sig'],
    [
      'alg is an encryption algorithm',
      (good) => ({ ...good, alg: 'RSA-OAEP' }),
      'alg is not a signature algorithm with a public key',
    ],
    ['key_ops without verify', (good) => ({ ...good, key_ops: ['sign'] }), 'key_ops does not contain verify'],
    [
      'key_ops that is not a list',
      (good) => ({ ...good, key_ops: 'verify' }),
      'key_ops is not a list of names',
    ],
    ['private', (good) => ({ ...good, d: 'AAAA' }), 'it is a private key'],
    [
      'a shared secret',
      ({ kid }) => ({ kid, kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }),
      'kty is not RSA, EC or OKP',
    ],
    ['unknown kty', ({ kid }) => ({ kid, kty: 'XYZ' }), 'kty is not RSA, EC or OKP'],
    ['without kty', ({ kid }) => ({ kid }), 'kty is not RSA, EC or OKP'],
  ];
  const orders = [
    ['first', (bad: unknown, good: JWK) => [bad, good]],
    ['last', (bad: unknown, good: JWK) => [good, bad]],
    ['on both keys', (bad: unknown, good: JWK) => [bad, good, bad]],
  ] as const;
  const cases = UNUSABLE.flatMap((kind) => orders.map((order) => [...kind, ...order] as const));

  test.each(cases)('%s is ignored, with one line: %s %s %s', async (_, badOf, reason, __, orderOf) => {
    const { issuer, outcome, unusable } = await start();
    const [good, other] = await Promise.all([makeKey('good'), makeKey('bad')]);
    const publish = (kid: string | undefined): void =>
      issuer.misbehave((_, res) =>
        sendJson(res, 200, {
          keys: orderOf(badOf({ ...other.jwk, kid: kid ?? '' }, { ...WEAK, kid: kid ?? '' }), good.jwk),
        }),
      );
    publish('bad');
    const unsigned = { kid: 'bad' };
    expect(await outcome({ key: good })).toBe(ACCEPTED);
    expect(await outcome({ key: good, header: { kid: undefined } })).toBe(ACCEPTED);
    // Tokens of the algorithm of the key and of another one, with a valid and an invalid signature.
    expect(await outcome({ key: good, header: unsigned })).toBe(INVALID);
    expect(await outcome({ key: other })).toBe(INVALID);
    expect(await rubbish('RS256')).toBe(INVALID);
    expect(await rubbish('ES256')).toBe(INVALID);
    pass(600);
    expect(await outcome({ key: good })).toBe(ACCEPTED);
    expect(issuer.readings()).toBe(2);
    expect(unusable).toEqual([{ key: 'bad', reason }]);
    // Both keys have the same kid, as during a rotation.
    pass(600);
    publish('good');
    expect(await outcome({ key: good })).toBe(ACCEPTED);

    async function rubbish(alg: string): Promise<string> {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      return outcome({ text: `${part({ alg, kid: 'bad', typ: 'JWT' })}.${part(claimsOf({}))}.AAAA` });
    }
  });

  test('is named by its position if it has no kid, and logged again when it reappears', async () => {
    const { issuer, outcome, unusable } = await start();
    const publish = (...keys: readonly unknown[]): void =>
      issuer.misbehave((_, res) => sendJson(res, 200, { keys: [...keys, issuer.first.jwk] }));
    for (const keys of [[null, { kty: 'XYZ' }], [], ['text', { kty: 'XYZ' }]]) {
      publish(...keys);
      expect(await outcome()).toBe(ACCEPTED);
      pass(600);
    }
    const object = { key: 'number 1, without kid', reason: 'it is not an object' };
    const unknown = { key: 'number 2, without kid', reason: 'kty is not RSA, EC or OKP' };
    expect(unusable).toEqual([object, unknown, object, unknown]);
  });
});

const text =
  (status: number, body: string | Buffer, headers: Record<string, string> = {}): StubHandler =>
  (_, res) =>
    void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

const BIG = JSON.stringify({ keys: Array(2_000).fill({ kty: 'EC', kid: 'x'.repeat(300) }) });

const FAILURES: readonly (readonly [string, StubHandler, string])[] = [
  ['an error', text(500, '{"keys":[]}'), 'status 500'],
  ['nothing found', text(404, ''), 'status 404'],
  [
    'a page',
    text(200, '<html>Login</html>', { 'content-type': 'text/html' }),
    'the response is not a key set',
  ],
  ['a truncated body', text(200, '{"keys":['), 'the response is not a key set'],
  ['nothing', text(200, ''), 'the response is not a key set'],
  ['another object', text(200, '{"issuer":"https://login"}'), 'the response is not a key set'],
  ['a list', text(200, '[]'), 'the response is not a key set'],
  ['keys that are not a list', text(200, '{"keys":{}}'), 'the response is not a key set'],
  ['keys that are not objects', text(200, '{"keys":["RS256"]}'), 'the response is not a key set'],
  ['null', text(200, 'null'), 'the response is not a key set'],
  ['more than 512 KiB', text(200, BIG), 'the response is too large'],
  [
    'more than 512 KiB, compressed',
    text(200, gzipSync(BIG), { 'content-encoding': 'gzip' }),
    'the response is too large',
  ],
  ['silence', () => {}, 'no response in time'],
  [
    'no body after the headers',
    (_, res) => void res.writeHead(200).write('{"keys":['),
    'no response in time',
  ],
  ['a broken connection', (_, __, req) => void req.socket.resetAndDestroy(), 'not reached: ECONNRESET'],
];

describe.each(FAILURES)('an issuer that answers with %s', (_, handler, reason) => {
  test('does not affect a gateway with known keys for an hour', async () => {
    const { issuer, outcome, failures } = await start({ timeoutMs: 200 });
    expect(await outcome()).toBe(ACCEPTED);
    issuer.misbehave(handler);
    pass(600);
    expect(await outcome()).toBe(ACCEPTED);
    expect(failures).toEqual([reason]);
    pass(2_999);
    expect(await outcome()).toBe(ACCEPTED);
    pass(1);
    expect(await outcome()).toBe(UNAVAILABLE);
    issuer.misbehave();
    pass(5);
    expect(await outcome()).toBe(ACCEPTED);
  });

  test('makes a gateway without keys refuse every token', async () => {
    const { issuer, outcome, failures } = await start({ timeoutMs: 200 });
    issuer.misbehave(handler);
    expect(await outcome()).toBe(UNAVAILABLE);
    expect(failures).toEqual([reason]);
    issuer.misbehave();
    pass(5);
    expect(await outcome()).toBe(ACCEPTED);
  });
});

test('a redirect is not followed', async () => {
  const { issuer, outcome, failures } = await start();
  const elsewhere = await startHttpStub((_, res) => sendJson(res, 200, { keys: [issuer.first.jwk] }));
  issuer.misbehave(text(302, '', { location: `${elsewhere.origin}/keys` }));
  expect(await outcome()).toBe(UNAVAILABLE);
  expect(failures).toEqual(['status 302']);
  expect(elsewhere.calls).toEqual([]);
});

test('an unreachable issuer', async () => {
  const { issuer, outcome, failures } = await start();
  await issuer.stop();
  expect(await outcome()).toBe(UNAVAILABLE);
  expect(failures).toEqual(['not reached: ECONNREFUSED']);
});

test('without keys, a failing issuer is called once in 5 seconds for any number of tokens', async () => {
  const { issuer, outcome, failures } = await start();
  issuer.misbehave(text(503, ''));
  for (let nth = 1; nth <= 3; nth += 1) {
    const tokens = Array.from({ length: 10 }, () => outcome());
    expect(new Set(await Promise.all(tokens))).toEqual(new Set([UNAVAILABLE]));
    pass(4.9);
    expect(await outcome()).toBe(UNAVAILABLE);
    expect(issuer.readings()).toBe(nth);
    pass(0.1);
  }
  expect(failures).toEqual(Array(3).fill('status 503'));
});

test('a maximum age under 10 minutes also limits the time between refreshes', async () => {
  const { issuer, outcome } = await start({ maxStaleMs: 60_000 });
  await outcome();
  issuer.publish();
  pass(60);
  expect(await outcome()).toBe(INVALID);
});

test('setting the clock back does not prolong the use of old keys', async () => {
  const { issuer, outcome } = await start();
  await outcome();
  issuer.misbehave(text(503, ''));
  pass(3_601);
  vi.setSystemTime(Date.now() - 3_600_000);
  expect(await outcome()).toBe(UNAVAILABLE);
});

test('a token that cannot be checked gets a Retry-After without the reason', async () => {
  const issuer = await startTokenIssuer();
  issuer.misbehave(text(500, 'internal matters'));
  const { url, sandbox } = await startGateway({ auth: jwtOptions(issuer.url) });
  const { status, body, headers } = await callerAt(url, withToken(await issuer.sign({}))).ask(
    '{ __typename }',
  );
  expect({ status, body }).toEqual({
    status: 503,
    body: {
      errors: [
        {
          message: 'Tokens cannot be verified at the moment. Try again later.',
          extensions: { code: 'AUTHENTICATION_UNAVAILABLE' },
        },
      ],
    },
  });
  expect(headers['retry-after']).toBe('5');
  expect(headers).not.toHaveProperty('www-authenticate');
  expect(sandbox.journal.entries()).toEqual([]);
  // A request without a token does not wait for the keys.
  expect((await callerAt(url).ask('{ __typename }')).status).toBe(401);
});
