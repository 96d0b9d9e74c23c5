import { AUDIENCE, inSeconds, ISSUER, makeKey, startTokenIssuer } from '../support/token-issuer.ts';

/** A token issuer on this machine, with valid tokens of every kind of caller and invalid tokens. It stops with the test. */
export async function startTokens() {
  const issuer = await startTokenIssuer();
  const key = await makeKey('first');
  const lasting = { exp: inSeconds(7_200) };
  const operator = await issuer.sign({ ...lasting, role: 'operator' });
  return {
    env: {
      AUTH: 'jwt',
      AUTH_JWKS_URL: issuer.url.href,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
    },
    operator,
    /** Tokens of callers with different permissions, and invalid tokens. */
    all: [
      operator,
      await issuer.sign({ ...lasting, role: 'reader' }),
      await issuer.sign({ ...lasting, role: 'citizen', fiscal_code: 'SPNDNL80R13C555X' }),
      await issuer.sign({ ...lasting, role: 'citizen', fiscal_code: 'no-code' }),
      await issuer.sign({ ...lasting, role: ['operator', 'reader'] }),
      await issuer.sign({ exp: inSeconds(-7_200), role: 'operator' }),
      await issuer.sign({ ...lasting, role: 'operator' }, { key }),
      `${operator.slice(0, -4)}AAAA`,
      `${operator.split('.').slice(0, 2).join('.')}.`,
    ],
  };
}
