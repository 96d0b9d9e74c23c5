import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createAuthentication } from '../../../src/auth/authenticate.ts';
import type { Caller } from '../../../src/auth/caller.ts';
import { AuthenticationError } from '../../../src/auth/caller.ts';
import type { JwtRules } from '../../../src/auth/verify-jwt.ts';
import { ALGORITHMS } from '../../../src/auth/verify-jwt.ts';
import { withToken } from '../../support/caller.ts';
import { inSeconds, jwtOptions, makeKey, RULES, sign, startTokenIssuer } from '../../support/token-issuer.ts';
import type { SigningKey, TokenOptions } from '../../support/token-issuer.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';

const FISCAL_CODE = 'SPNDNL80R13C555X';

async function start(rules: Partial<JwtRules> = {}, key?: SigningKey) {
  const issuer = await startTokenIssuer(key);
  const authentication = createAuthentication(
    jwtOptions(issuer.url, { rules }),
    {
      onKeySetFailure: () => {},
      onUnusableKey: () => {},
      onApiKeysReload: () => {},
    },
    NO_PROXY,
  );
  onTestFinished(() => authentication.close());
  const authenticate = (token: string): Promise<Caller> =>
    authentication.authenticate(new Headers(withToken(token)));
  return {
    issuer,
    /** The caller of a token with these claims, or why it is refused. */
    async verdict(claims: Readonly<Record<string, unknown>>, options: TokenOptions = {}): Promise<unknown> {
      try {
        return await authenticate(await issuer.sign(claims, options));
      } catch (error) {
        if (!(error instanceof AuthenticationError)) throw error;
        return [error.failure, error.reason];
      }
    },
  };
}

const ACCEPTED = expect.objectContaining({ role: 'operator' });

test('a caller has the claims of its token, and expires with it plus the clock skew', async () => {
  const { verdict } = await start();
  const exp = inSeconds(300);
  const known = {
    kind: 'jwt',
    subject: 'a-person',
    tenant: undefined,
    expiresAt: new Date((exp + RULES.clockSkewSeconds) * 1000),
  };
  expect(await verdict({ sub: 'a-person', exp })).toStrictEqual({ ...known, role: 'operator' });
  expect(await verdict({ sub: 'a-person', exp, role: 'reader', tenant: 'alfa' })).toStrictEqual({
    ...known,
    role: 'reader',
    tenant: 'alfa',
  });
  expect(
    await verdict({ sub: 'a-person', exp, role: 'citizen', fiscal_code: FISCAL_CODE.toLowerCase() }),
  ).toStrictEqual({ ...known, role: 'citizen', fiscalCode: FISCAL_CODE });
});

test('the expiry of a token is limited to the latest date', async () => {
  const { verdict } = await start();
  expect(await verdict({ exp: Number.MAX_VALUE })).toMatchObject({ expiresAt: new Date(8.64e15) });
});

test.each(ALGORITHMS)('%s is accepted only if it is configured', async (algorithm) => {
  const key = await makeKey('first', algorithm);
  const others = ALGORITHMS.filter((name) => name !== algorithm);
  expect(await (await start({ algorithms: [algorithm] }, key)).verdict({})).toEqual(ACCEPTED);
  expect(await (await start({ algorithms: others }, key)).verdict({})).toEqual([
    'invalid',
    'ERR_JOSE_ALG_NOT_ALLOWED',
  ]);
});

describe('clock skew', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_795_510_800_000 }));
  afterEach(() => void vi.useRealTimers());

  test.each([0, 30, 300])(
    '%i seconds are forgiven at both ends, and not one more',
    async (clockSkewSeconds) => {
      const { verdict } = await start({ clockSkewSeconds });
      expect(await verdict({ exp: inSeconds(1 - clockSkewSeconds) })).toEqual(ACCEPTED);
      expect(await verdict({ exp: inSeconds(-clockSkewSeconds) })).toEqual([
        'invalid',
        'ERR_JWT_EXPIRED: exp',
      ]);
      expect(await verdict({ nbf: inSeconds(clockSkewSeconds) })).toEqual(ACCEPTED);
      expect(await verdict({ nbf: inSeconds(clockSkewSeconds + 1) })).toEqual([
        'invalid',
        'ERR_JWT_CLAIM_VALIDATION_FAILED: nbf',
      ]);
    },
  );
});

const failed = (claim: string) => ['invalid', `ERR_JWT_CLAIM_VALIDATION_FAILED: ${claim}`];

test.each([
  ['exp', undefined, failed('exp')],
  ['exp', '2030-01-01', failed('exp')],
  ['exp', null, failed('exp')],
  ['nbf', 'now', failed('nbf')],
  ['iat', 'yesterday', failed('iat')],
  ['sub', undefined, failed('sub')],
  ['sub', '', ['invalid', 'claim sub']],
  ['sub', 42, ['invalid', 'claim sub']],
  ['iss', undefined, failed('iss')],
  ['iss', ['https://login.comune.example.it'], failed('iss')],
  ['iss', 'HTTPS://LOGIN.COMUNE.EXAMPLE.IT', failed('iss')],
  ['aud', undefined, failed('aud')],
  ['aud', 'Sigillo', failed('aud')],
  ['aud', [], failed('aud')],
  ['aud', ['portale', 'sigillo'], ACCEPTED],
])('%s: %j', async (claim, value, expected) => {
  const { verdict } = await start();
  expect(await verdict({ [claim]: value })).toEqual(expected);
});

test.each([
  [undefined, ACCEPTED],
  ['JWT', ACCEPTED],
  ['jwt', ACCEPTED],
  ['at+jwt', ACCEPTED],
  ['application/at+jwt', ACCEPTED],
  ['dpop+jwt', ['invalid', 'header typ']],
  ['logout+jwt', ['invalid', 'header typ']],
  ['secevent+jwt', ['invalid', 'header typ']],
  ['JWS', ['invalid', 'header typ']],
  ['', ['invalid', 'header typ']],
])('typ: %j', async (typ, expected) => {
  const { verdict } = await start();
  expect(await verdict({}, { header: { typ } })).toEqual(expected);
});

describe('the role claim', () => {
  const noRole = ['no-rights', 'claim role'];
  test.each([
    ['operator', ACCEPTED],
    [['operator'], ACCEPTED],
    [['offline_access', 'operator', 'uma_authorization'], ACCEPTED],
    [['operator', 'operator'], ACCEPTED],
    [['operator', 'citizen'], noRole],
    [['reader', 'operator'], noRole],
    [[], noRole],
    [['Operator'], noRole],
    ['OPERATOR', noRole],
    [' operator', noRole],
    ['operator reader', noRole],
    ['', noRole],
    [null, noRole],
    [undefined, noRole],
    [{ operator: true }, noRole],
    [[['operator']], noRole],
    [1, noRole],
  ])('%j', async (role, expected) => {
    const { verdict } = await start();
    expect(await verdict({ role, fiscal_code: FISCAL_CODE })).toEqual(expected);
  });
});

describe('the fiscal code claim of a citizen', () => {
  const noCode = ['no-rights', 'claim fiscal_code'];
  test.each([
    [FISCAL_CODE, FISCAL_CODE],
    [FISCAL_CODE.toLowerCase(), FISCAL_CODE],
    [`TINIT-${FISCAL_CODE}`, FISCAL_CODE],
    [`tinit-${FISCAL_CODE}`, FISCAL_CODE],
    ['SPNDNL80R13C5R5X', 'SPNDNL80R13C5R5X'], // a letter in place of a digit (omocodia)
    [`TINIT-TINIT-${FISCAL_CODE}`, noCode],
    [`TINFR-${FISCAL_CODE}`, noCode],
    [` ${FISCAL_CODE}`, noCode],
    [`${FISCAL_CODE}\n`, noCode],
    [FISCAL_CODE.slice(1), noCode],
    [`${FISCAL_CODE}X`, noCode],
    ['SPNDNL80R13C55ſX', noCode], // a letter that is ASCII in upper case only
    ['12345678901', noCode],
    ['', noCode],
    [null, noCode],
    [undefined, noCode],
    [[FISCAL_CODE], noCode],
    [{ value: FISCAL_CODE }, noCode],
  ])('%j', async (fiscal_code, expected) => {
    const { verdict } = await start();
    expect(await verdict({ role: 'citizen', fiscal_code })).toEqual(
      typeof expected === 'string' ? expect.objectContaining({ fiscalCode: expected }) : expected,
    );
  });

  test('is ignored for other roles', async () => {
    const { verdict } = await start();
    expect(await verdict({ role: 'operator', fiscal_code: FISCAL_CODE })).not.toHaveProperty('fiscalCode');
  });
});

describe('the names of claims are configurable', () => {
  const claims = { role: 'realm_access.roles', tenant: 'https://example.it/ente', fiscalCode: 'spid.0.code' };

  test('a path leads into objects and lists, and a name may contain dots', async () => {
    const { verdict } = await start({ claims });
    expect(
      await verdict({
        role: 'operator',
        realm_access: { roles: ['default-roles-comune', 'citizen'] },
        'https://example.it/ente': 'alfa',
        spid: [{ code: `TINIT-${FISCAL_CODE}` }],
      }),
    ).toMatchObject({ role: 'citizen', tenant: 'alfa', fiscalCode: FISCAL_CODE });
  });

  test.each([
    [{}],
    [{ realm_access: 'operator' }],
    [{ realm_access: null }],
    [{ realm_access: { role: ['operator'] } }],
    [{ roles: ['operator'] }],
    [{ realm_access: { roles: { operator: {} } } }],
  ])('and nowhere else: %j', async (others) => {
    const { verdict } = await start({ claims });
    expect(await verdict({ role: 'operator', ...others })).toEqual(['no-rights', 'claim realm_access.roles']);
  });

  test('a whole name takes precedence over a path', async () => {
    const { verdict } = await start({ claims });
    expect(
      await verdict({ 'realm_access.roles': 'reader', realm_access: { roles: ['operator'] } }),
    ).toMatchObject({ role: 'reader' });
  });

  test.each(['constructor', '__proto__.role', 'toString.name', 'length'])(
    'what every object has is no claim: %s',
    async (role) => {
      const { verdict } = await start({ claims: { ...claims, role } });
      expect(await verdict({})).toEqual(['no-rights', `claim ${role}`]);
    },
  );

  test.each([[''], [null], [7], [['alfa']], [{ id: 'alfa' }]])('no tenant: %j', async (tenant) => {
    const { verdict } = await start();
    expect(await verdict({ tenant })).toMatchObject({ tenant: undefined });
  });
});

test('the signature is verified before any claim', async () => {
  const { verdict } = await start();
  const impostor = await makeKey('first');
  for (const claims of [{}, { exp: inSeconds(-1_000) }, { role: 'unknown' }, { iss: 'me' }])
    expect(await verdict(claims, { key: impostor })).toEqual([
      'invalid',
      'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    ]);
});

test('the message and the reason of a refusal contain nothing of the token', async () => {
  const { issuer } = await start();
  const authentication = createAuthentication(
    jwtOptions(issuer.url),
    {
      onKeySetFailure: () => {},
      onUnusableKey: () => {},
      onApiKeysReload: () => {},
    },
    NO_PROXY,
  );
  const secret = 'a-word-of-the-token';
  for (const claims of [
    { aud: secret },
    { iss: secret },
    { role: secret },
    { role: 'citizen', fiscal_code: secret },
    { sub: secret, exp: 1 },
  ]) {
    const token = await sign(claims, { key: issuer.first });
    const error = await authentication
      .authenticate(new Headers(withToken(token)))
      .catch((cause: unknown) => cause);
    if (!(error instanceof AuthenticationError)) throw new TypeError('it was let in');
    expect(`${error.message} ${error.reason} ${error.stack}`).not.toContain(secret);
  }
});
