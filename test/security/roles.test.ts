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
 * Every operation, by everybody. Who may what is read from docs/guide/authentication.md, so this table, that page and the rules
 * in the schema say the same.
 */

let pdf: Uint8Array<ArrayBuffer>;
/** Of the issuer, of the algorithm that key confusion is about, and of somebody else who gives theirs the same name. */
let key: SigningKey;
let impostor: SigningKey;
beforeAll(async () => {
  pdf = new Uint8Array(await makePdf());
  [key, impostor] = await Promise.all([makeKey('first', 'RS256'), makeKey('first', 'RS256')]);
});

test('docs/guide/authentication.md has every field that has a rule, with its roles, and no other', () => {
  const documented = [...rolesTable()].map(([field, words]) => [
    field,
    Object.keys(words).filter((role) => words[role] !== 'no'),
  ]);
  expect(new Map(documented as [string, string[]][])).toEqual(rolesByField(schema));
});

test('every field that has a rule is run here as every role', () => {
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

  test('for a caller of another tenant all of it is as if it did not exist', async () => {
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

  test('by nobody that can be trusted: 401 or 403, and no call of the service', async () => {
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

/** Everybody whom `strangers` makes up, and how they are answered. */
const REFUSED = {
  'nobody at all': MISSING,
  'another scheme': MISSING,
  'nothing after Bearer': INVALID,
  'no token': INVALID,
  expired: INVALID,
  'without end': INVALID,
  'not yet valid': INVALID,
  'for another audience': INVALID,
  'for several, but not us': INVALID,
  'of another issuer': INVALID,
  'without an issuer': INVALID,
  'of nobody': INVALID,
  'alg none': INVALID,
  'alg none in capitals': INVALID,
  'HS256 with the public key as the secret (PEM)': INVALID,
  'HS256 with the public key as the secret (JWK)': INVALID,
  'an algorithm that is not allowed': INVALID,
  'signed by another key of this name': INVALID,
  'with the key in its own header': INVALID,
  'with the address of the keys in its own header': INVALID,
  'of a key that nobody publishes': INVALID,
  'changed after it was signed': INVALID,
  'without its signature': INVALID,
  'a proof of possession': INVALID,
  'a notice of a logout': INVALID,
  'with an extension that must be understood': INVALID,
  'with a payload that is not encoded': INVALID,
  'without a role': NO_RIGHTS,
  'of a role that is none': NO_RIGHTS,
  'of two roles': NO_RIGHTS,
  'a citizen without a fiscal code': NO_RIGHTS,
  'a citizen with half a fiscal code': NO_RIGHTS,
  'without a tenant': NO_RIGHTS,
  'of an unknown tenant': NO_RIGHTS,
  'of two tenants': NO_RIGHTS,
  'a key where tokens are taken': MISSING,
  'no key': MISSING,
  'a token where keys are taken': INVALID,
  'a key that is not in the file': INVALID,
  'a key that was taken out of it': INVALID,
  'the hash of a key': INVALID,
  'an empty key': INVALID,
  'a key without a tenant': NO_RIGHTS,
  'a key of an unknown tenant': NO_RIGHTS,
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
    'nobody at all': { url, headers: {} },
    'another scheme': raw('Basic b3BlcmF0b3I6c2VjcmV0'),
    'nothing after Bearer': raw('Bearer'),
    'no token': token('operator'),
    expired: await signed({ exp: inSeconds(-31) }),
    'without end': await signed({ exp: undefined }),
    'not yet valid': await signed({ nbf: inSeconds(60) }),
    'for another audience': await signed({ aud: 'portale' }),
    'for several, but not us': await signed({ aud: ['portale', `${AUDIENCE}2`] }),
    'of another issuer': await signed({ iss: 'https://login.comune.example.it/' }),
    'without an issuer': await signed({ iss: undefined }),
    'of nobody': await signed({ sub: undefined }),
    'alg none': token(unsecured),
    'alg none in capitals': token(`${encode({ alg: 'NONE' })}.${unsecured.split('.')[1]}.`),
    'HS256 with the public key as the secret (PEM)': token(await hmac(await exportSPKI(key.publicKey))),
    'HS256 with the public key as the secret (JWK)': token(await hmac(JSON.stringify(key.jwk))),
    'an algorithm that is not allowed': await signed({}, {}, await makeKey('first', 'PS256')),
    'signed by another key of this name': await signed({}, {}, impostor),
    'with the key in its own header': await signed({}, { jwk: impostor.jwk }, impostor),
    'with the address of the keys in its own header': await signed(
      {},
      { jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert' },
      impostor,
    ),
    'of a key that nobody publishes': await signed({}, { kid: 'another' }),
    'changed after it was signed': token(
      [head, encode({ ...claimsOf(good), sub: 'somebody else' }), signature].join('.'),
    ),
    'without its signature': token(`${head}.${payload}.`),
    'a proof of possession': await signed({}, { typ: 'dpop+jwt' }),
    'a notice of a logout': await signed({}, { typ: 'logout+jwt' }),
    'with an extension that must be understood': token(
      await new SignJWT(claimsOf(good))
        .setProtectedHeader({ alg: 'RS256', kid: 'first', crit: ['exp'], exp: 1 })
        .sign(key.privateKey, { crit: { exp: true } }),
    ),
    'with a payload that is not encoded': token(
      `${encode({ alg: 'RS256', kid: 'first', b64: false, crit: ['b64'] })}.${payload}.${signature}`,
    ),
    'without a role': await signed({ role: undefined }),
    'of a role that is none': await signed({ role: 'admin' }),
    'of two roles': await signed({ role: ['operator', 'reader'] }),
    'a citizen without a fiscal code': await signed({ role: 'citizen' }),
    'a citizen with half a fiscal code': await signed({ role: 'citizen', fiscal_code: ANNA.slice(0, 8) }),
    'without a tenant': await signed({ tenant: undefined }),
    'of an unknown tenant': await signed({ tenant: 'gamma' }),
    'of two tenants': await signed({ tenant: ['alfa', 'beta'] }),
    'a key where tokens are taken': { url, headers: { 'x-api-key': 'operator-key' } },
    'no key': { url: keysUrl, headers: {} },
    'a token where keys are taken': { url: keysUrl, headers: withToken(ofSigner) },
    'a key that is not in the file': byKey('guess'),
    'a key that was taken out of it': byKey('operator-key'),
    'the hash of a key': byKey(Object.keys(JSON.parse(keysText({ 'reader-key': {} })))[0] ?? ''),
    'an empty key': byKey(''),
    'a key without a tenant': byKey('nowhere-key'),
    'a key of an unknown tenant': byKey('gamma-key'),
  };
}
