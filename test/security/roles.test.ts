import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { rolesByField } from '../../src/schema/scopes.ts';
import { schema } from '../../src/schema/index.ts';
import { keysText } from '../support/api-keys.ts';
import { callerAt, withToken } from '../support/caller.ts';
import { makePdf } from '../support/pdf.ts';
import { AUDIENCE, claimsOf, inSeconds, makeKey, sign } from '../support/token-issuer.ts';
import type { SigningKey } from '../support/token-issuer.ts';
import { OPERATIONS } from './support-operations.ts';
import type { Target } from './support-operations.ts';
import { rolesTable } from './support-roles-page.ts';
import { ANNA, CITIZEN, STAFF, startWorld, UNKNOWN } from './support-world.ts';

/*
 * Every operation as every kind of caller. The permissions are read from docs/guide/authentication.md, so the page, the rules
 * of the schema and this test agree.
 */

let pdf: Uint8Array<ArrayBuffer>;
/** A key of the issuer, a key for algorithm confusion, and a key of an attacker with the same kid. */
let key: SigningKey;
let impostor: SigningKey;
beforeAll(async () => {
  pdf = new Uint8Array(await makePdf());
  [key, impostor] = await Promise.all([makeKey('first', 'RS256'), makeKey('first', 'RS256')]);
});

test('docs/guide/authentication.md lists exactly the fields with a rule, with their roles', () => {
  const documented = [...rolesTable()].map(([field, words]) => [
    field,
    Object.keys(words).filter((role) => words[role] !== 'no'),
  ]);
  expect(new Map(documented as [string, string[]][])).toEqual(rolesByField(schema));
});

test('every field with a rule has an operation in this test', () => {
  const fields = OPERATIONS.map(({ field }) => field);
  expect(fields.toSorted()).toEqual([...rolesByField(schema).keys()].toSorted());
});

const ROLES = { operator: STAFF.operator, reader: STAFF.reader, citizen: CITIZEN };
const FORBIDDEN = {
  message: 'Your role does not permit this field. Use a token or an API key with a role that does.',
  extensions: { code: 'FORBIDDEN' },
};

describe.each(OPERATIONS)('$field', ({ field, request, run, data, refusedWith }) => {
  const may = (role: string): boolean => rolesTable().get(field)?.[role] !== 'no';
  const allowed = (target: Target) => ({ status: 200, body: { data: data(target) } });
  const forbidden = { status: 200, body: refusedWith(FORBIDDEN) };

  test('as each role, by token and by key', async () => {
    const world = await startWorld({ key });
    const callers = [
      ...(await Promise.all(
        Object.entries(ROLES).map(async ([role, claims]) => ({ role, caller: await world.as(claims) })),
      )),
      ...['operator', 'reader'].map((role) => ({ role, caller: world.withKey(`${role}-key`) })),
    ];
    for (const { role, caller } of callers) {
      const target = await world.requestOf(ANNA, request);
      const { result, calls } = await world.callsOf(() => run(caller, target, pdf));
      const { status, body, headers } = result;
      expect({ status, body }, role).toEqual(may(role) ? allowed(target) : forbidden);
      expect(headers, role).not.toHaveProperty('www-authenticate');
      if (!may(role)) expect(calls, role).toEqual([]);
    }
  });

  test('for a caller of another tenant the records do not exist', async () => {
    const world = await startWorld({ key });
    const operator = await world.as({ ...STAFF.operator, tenant: 'beta' });
    const theirs = await world.requestOf(ANNA, request);
    const [foreign, unknown] = [
      await world.callsOf(() => run(operator, theirs, pdf)),
      await world.callsOf(() =>
        run(operator, { ...UNKNOWN, signerId: theirs.signerId, fiscalCode: ANNA }, pdf),
      ),
    ];
    expect(foreign.result.body).toEqual(unknown.result.body);
    expect(foreign.result.status).toBe(200);
    expect(foreign.calls).toEqual(unknown.calls);
    expect(JSON.stringify(foreign.result)).not.toContain(theirs.signatureRequestId);
  });

  test('as an unauthenticated or untrusted caller: 401 or 403, and no upstream call', async () => {
    const world = await startWorld({ key });
    const target = await world.requestOf(ANNA, request);
    const { result, calls } = await world.callsOf(async () => {
      const seen: Record<string, unknown> = {};
      for (const [name, { url, headers }] of Object.entries(await strangers(world))) {
        const reply = await run(callerAt(url, headers), target, pdf);
        seen[name] = [reply.status, reply.body, reply.headers['www-authenticate']];
      }
      return seen;
    });
    expect(result).toEqual(Object.fromEntries(Object.entries(REFUSED).map(([name, how]) => [name, how])));
    expect(calls).toEqual([]);
  });
});

const refusal = (status: number, code: string, message: string, challenge: string) => [
  status,
  { errors: [{ message, extensions: { code } }] },
  challenge,
];
const MISSING = refusal(
  401,
  'UNAUTHENTICATED',
  'Authentication required: send a bearer token or an API key.',
  'Bearer realm="sigillo"',
);
const INVALID = refusal(
  401,
  'UNAUTHENTICATED',
  'The token or API key is invalid or has expired.',
  'Bearer realm="sigillo", error="invalid_token"',
);
const NO_RIGHTS = refusal(
  403,
  'FORBIDDEN',
  'The token or API key is valid but grants no access. Check the role and tenant claims that the gateway requires.',
  'Bearer realm="sigillo", error="insufficient_scope"',
);

/** Each caller of `strangers`, and the expected error. */
const REFUSED = {
  'no credential': MISSING,
  'another scheme': MISSING,
  'nothing after Bearer': INVALID,
  'no token': INVALID,
  expired: INVALID,
  'without end': INVALID,
  'not yet valid': INVALID,
  'for another audience': INVALID,
  'for several other audiences': INVALID,
  'of another issuer': INVALID,
  'without an issuer': INVALID,
  'without a subject': INVALID,
  'alg none': INVALID,
  'alg NONE in upper case': INVALID,
  'HS256 with the public key as the secret (PEM)': INVALID,
  'HS256 with the public key as the secret (JWK)': INVALID,
  'an algorithm that is not allowed': INVALID,
  'signed by another key with this kid': INVALID,
  'with a jwk header': INVALID,
  'with a jku header': INVALID,
  'of a key that is not published': INVALID,
  'changed after it was signed': INVALID,
  'without its signature': INVALID,
  'a DPoP proof': INVALID,
  'a logout token': INVALID,
  'with an unknown critical header': INVALID,
  'with an unencoded payload (b64: false)': INVALID,
  'without a role': NO_RIGHTS,
  'with an unknown role': NO_RIGHTS,
  'with two roles': NO_RIGHTS,
  'a citizen without a fiscal code': NO_RIGHTS,
  'a citizen with half a fiscal code': NO_RIGHTS,
  'without a tenant': NO_RIGHTS,
  'with an unknown tenant': NO_RIGHTS,
  'with two tenants': NO_RIGHTS,
  'an API key where tokens are required': MISSING,
  'no key': MISSING,
  'a token where API keys are required': INVALID,
  'a key that is not in the file': INVALID,
  'a key that was removed from the file': INVALID,
  'the hash of a key': INVALID,
  'an empty key': INVALID,
  'a key without a tenant': NO_RIGHTS,
  'a key with an unknown tenant': NO_RIGHTS,
};

type World = Awaited<ReturnType<typeof startWorld>>;
type Stranger = { readonly url: string; readonly headers: Record<string, string> };

async function strangers(world: World): Promise<Record<keyof typeof REFUSED, Stranger>> {
  const { url, keysUrl, issuer } = world;
  const good = { ...STAFF.operator };
  const raw = (authorization: string): Stranger => ({ url, headers: { authorization } });
  const token = (text: string): Stranger => ({ url, headers: withToken(text) });
  const signed = async (changes: object, header = {}, by = key): Promise<Stranger> =>
    token(await sign({ ...good, ...changes }, { key: by, header }));
  const byKey = (apiKey: string): Stranger => ({ url: keysUrl, headers: { 'x-api-key': apiKey } });
  const hmac = (secret: string): Promise<string> =>
    new SignJWT(claimsOf(good))
      .setProtectedHeader({ alg: 'HS256', kid: 'first', typ: 'JWT' })
      .sign(new TextEncoder().encode(secret));
  const ofSigner = await issuer.sign(good, { key });
  const [head = '', payload = '', signature = ''] = ofSigner.split('.');
  const unsecured = new UnsecuredJWT(claimsOf(good)).encode();
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  await world.changeKeys({
    'reader-key': { name: 'reader-key', role: 'reader', tenant: 'alfa' },
    'nowhere-key': { name: 'nowhere', role: 'operator' },
    'gamma-key': { name: 'gamma', role: 'operator', tenant: 'gamma' },
  });

  return {
    'no credential': { url, headers: {} },
    'another scheme': raw('Basic b3BlcmF0b3I6c2VjcmV0'),
    'nothing after Bearer': raw('Bearer'),
    'no token': token('operator'),
    expired: await signed({ exp: inSeconds(-31) }),
    'without end': await signed({ exp: undefined }),
    'not yet valid': await signed({ nbf: inSeconds(60) }),
    'for another audience': await signed({ aud: 'portale' }),
    'for several other audiences': await signed({ aud: ['portale', `${AUDIENCE}2`] }),
    'of another issuer': await signed({ iss: 'https://login.comune.example.it/' }),
    'without an issuer': await signed({ iss: undefined }),
    'without a subject': await signed({ sub: undefined }),
    'alg none': token(unsecured),
    'alg NONE in upper case': token(`${encode({ alg: 'NONE' })}.${unsecured.split('.')[1]}.`),
    'HS256 with the public key as the secret (PEM)': token(await hmac(await exportSPKI(key.publicKey))),
    'HS256 with the public key as the secret (JWK)': token(await hmac(JSON.stringify(key.jwk))),
    'an algorithm that is not allowed': await signed({}, {}, await makeKey('first', 'PS256')),
    'signed by another key with this kid': await signed({}, {}, impostor),
    'with a jwk header': await signed({}, { jwk: impostor.jwk }, impostor),
    'with a jku header': await signed(
      {},
      { jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert' },
      impostor,
    ),
    'of a key that is not published': await signed({}, { kid: 'another' }),
    'changed after it was signed': token(
      [head, encode({ ...claimsOf(good), sub: 'another' }), signature].join('.'),
    ),
    'without its signature': token(`${head}.${payload}.`),
    'a DPoP proof': await signed({}, { typ: 'dpop+jwt' }),
    'a logout token': await signed({}, { typ: 'logout+jwt' }),
    'with an unknown critical header': token(
      await new SignJWT(claimsOf(good))
        .setProtectedHeader({ alg: 'RS256', kid: 'first', crit: ['exp'], exp: 1 })
        .sign(key.privateKey, { crit: { exp: true } }),
    ),
    'with an unencoded payload (b64: false)': token(
      `${encode({ alg: 'RS256', kid: 'first', b64: false, crit: ['b64'] })}.${payload}.${signature}`,
    ),
    'without a role': await signed({ role: undefined }),
    'with an unknown role': await signed({ role: 'admin' }),
    'with two roles': await signed({ role: ['operator', 'reader'] }),
    'a citizen without a fiscal code': await signed({ role: 'citizen' }),
    'a citizen with half a fiscal code': await signed({ role: 'citizen', fiscal_code: ANNA.slice(0, 8) }),
    'without a tenant': await signed({ tenant: undefined }),
    'with an unknown tenant': await signed({ tenant: 'gamma' }),
    'with two tenants': await signed({ tenant: ['alfa', 'beta'] }),
    'an API key where tokens are required': { url, headers: { 'x-api-key': 'operator-key' } },
    'no key': { url: keysUrl, headers: {} },
    'a token where API keys are required': { url: keysUrl, headers: withToken(ofSigner) },
    'a key that is not in the file': byKey('guess'),
    'a key that was removed from the file': byKey('operator-key'),
    'the hash of a key': byKey(Object.keys(JSON.parse(keysText({ 'reader-key': {} })))[0] ?? ''),
    'an empty key': byKey(''),
    'a key without a tenant': byKey('nowhere-key'),
    'a key with an unknown tenant': byKey('gamma-key'),
  };
}
