import { AUDIENCE, inSeconds, ISSUER, makeKey, startTokenIssuer } from '../support/token-issuer.ts';

/** An issuer of tokens on this machine, and tokens of every kind of caller and of none. They end with the test. */
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
    /** Those who are let in, more or less far, and those who are not. */
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
