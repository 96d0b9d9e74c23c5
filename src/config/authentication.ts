import { z } from 'zod';
import type { AuthenticationOptions } from '../auth/authenticate.ts';
import { ALGORITHMS } from '../auth/verify-jwt.ts';
import { filled, itemsOf, webAddress, wholeNumber } from './validators.ts';
import type { Environment, Values } from './validators.ts';

/** Keys that verify tokens must not be modified in transit. */
const isTamperProof = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
};

const isAlgorithm = (name: string): boolean => ALGORITHMS.some((known) => known === name);

export const authenticationVariables = {
  AUTH: z
    .enum(['none', 'jwt', 'api-key'], 'must be none, jwt or api-key')
    .optional()
    .describe(
      'How callers authenticate: `jwt`, `api-key`, or `none` if only trusted callers reach the gateway. Required with a key and in production.',
    ),
  AUTH_JWKS_URL: webAddress
    .refine(isTamperProof, 'must be an https URL, or http on this machine')
    .optional()
    .describe('URL of the key set (JWKS) of the token issuer: https, or http on this machine.'),
  AUTH_JWKS_MAX_STALE_SECONDS: wholeNumber(1, 604_800)
    .default(3_600)
    .describe('How long known keys are used while the token issuer cannot be reached.'),
  AUTH_ISSUER: filled.optional().describe('Required `iss` claim of a token.'),
  AUTH_AUDIENCE: filled.optional().describe('Required `aud` claim of a token, or one of its values.'),
  AUTH_ALGORITHMS: z
    .string()
    .refine(
      (names) => itemsOf(names).every(isAlgorithm),
      `must be a comma-separated list of ${ALGORITHMS.join(', ')}`,
    )
    .default('RS256,ES256')
    .describe('Accepted signature algorithms, comma-separated.'),
  AUTH_CLOCK_SKEW_SECONDS: wholeNumber(0, 300)
    .default(30)
    .describe('Allowed difference between the clocks of the token issuer and the gateway.'),
  AUTH_ROLE_CLAIM: filled
    .default('role')
    .describe('Claim that holds `operator`, `reader` or `citizen`. Dots lead into objects.'),
  AUTH_TENANT_CLAIM: filled
    .default('tenant')
    .describe('Claim that holds the tenant. Used with `TENANTS_FILE` only.'),
  AUTH_FISCAL_CODE_CLAIM: filled
    .default('fiscal_code')
    .describe('Claim that holds the fiscal code of a citizen.'),
  AUTH_API_KEYS_FILE: filled
    .optional()
    .describe(
      'File of hashed API keys for `AUTH=api-key`. See [authentication](../guide/authentication.md).',
    ),
};

/** The variables that each mode requires. Without the mode they are a mistake: the operator forgot to set AUTH. */
const REQUIRED = {
  jwt: ['AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE'],
  'api-key': ['AUTH_API_KEYS_FILE'],
} as const;

/** Messages about variables that conflict. */
export function* authenticationConflictsIn(env: Environment): Generator<string> {
  const AUTH = env['AUTH'];
  for (const [mode, names] of Object.entries(REQUIRED)) {
    for (const name of names) {
      if (AUTH === mode && env[name] === undefined) yield `${name}: is required with AUTH=${mode}`;
      if (AUTH !== mode && env[name] !== undefined) yield `${name}: requires AUTH=${mode}`;
    }
  }
  if (env['TENANTS_FILE'] !== undefined && AUTH !== 'jwt' && AUTH !== 'api-key')
    yield 'TENANTS_FILE: requires AUTH=jwt or AUTH=api-key, which determine the tenant of a caller';
}

export function authenticationOf(values: Values<typeof authenticationVariables>): AuthenticationOptions {
  const { AUTH, AUTH_API_KEYS_FILE: file } = values;
  if (AUTH === 'api-key' && file !== undefined) return { mode: 'api-key', file };
  const { AUTH_JWKS_URL: url, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = values;
  if (AUTH !== 'jwt' || url === undefined || issuer === undefined || audience === undefined)
    return { mode: 'none' };
  return {
    mode: 'jwt',
    keySet: { url: new URL(url), maxStaleMs: values.AUTH_JWKS_MAX_STALE_SECONDS * 1000 },
    rules: {
      issuer,
      audience,
      algorithms: itemsOf(values.AUTH_ALGORITHMS),
      clockSkewSeconds: values.AUTH_CLOCK_SKEW_SECONDS,
      claims: {
        role: values.AUTH_ROLE_CLAIM,
        tenant: values.AUTH_TENANT_CLAIM,
        fiscalCode: values.AUTH_FISCAL_CODE_CLAIM,
      },
    },
  };
}
