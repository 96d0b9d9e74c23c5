import type { AuthenticationOptions } from './authenticate.ts';

/** Values of the environment that say how callers show who they are; `config.ts` has their forms and defaults. */
export interface AuthVariables {
  readonly AUTH?: string | undefined;
  readonly AUTH_JWKS_URL?: string | undefined;
  readonly AUTH_JWKS_MAX_STALE_SECONDS: number;
  readonly AUTH_ISSUER?: string | undefined;
  readonly AUTH_AUDIENCE?: string | undefined;
  /** With commas between. */
  readonly AUTH_ALGORITHMS: string;
  readonly AUTH_CLOCK_SKEW_SECONDS: number;
  readonly AUTH_ROLE_CLAIM: string;
  readonly AUTH_TENANT_CLAIM: string;
  readonly AUTH_FISCAL_CODE_CLAIM: string;
  readonly AUTH_API_KEYS_FILE?: string | undefined;
}

/** What each way of showing who one is needs; given without it, somebody has forgotten to switch it on. */
const NEEDS = {
  jwt: ['AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE'],
  'api-key': ['AUTH_API_KEYS_FILE'],
} as const;

/** Variables that do not go together, in words for whoever set them. */
export function* authConflictsIn(env: Readonly<Record<string, string | undefined>>): Generator<string> {
  const AUTH = env['AUTH'];
  for (const [mode, names] of Object.entries(NEEDS)) {
    for (const name of names) {
      if (AUTH === mode && env[name] === undefined) yield `${name}: is needed with AUTH=${mode}`;
      if (AUTH !== mode && env[name] !== undefined) yield `${name}: goes with AUTH=${mode} alone`;
    }
  }
  if (env['TENANTS_FILE'] !== undefined && AUTH !== 'jwt' && AUTH !== 'api-key')
    yield 'TENANTS_FILE: needs AUTH=jwt or AUTH=api-key, which say whose tenant a caller is';
}

export function authOptionsOf(data: AuthVariables): AuthenticationOptions {
  const { AUTH_JWKS_URL: url, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience, AUTH_API_KEYS_FILE: file } = data;
  if (data.AUTH === 'api-key' && file !== undefined) return { mode: 'api-key', file };
  if (data.AUTH !== 'jwt' || url === undefined || issuer === undefined || audience === undefined)
    return { mode: 'none' };
  return {
    mode: 'jwt',
    keySet: { url: new URL(url), maxStaleMs: data.AUTH_JWKS_MAX_STALE_SECONDS * 1000 },
    rules: {
      issuer,
      audience,
      algorithms: data.AUTH_ALGORITHMS.split(',').map((name) => name.trim()),
      clockSkewSeconds: data.AUTH_CLOCK_SKEW_SECONDS,
      claims: {
        role: data.AUTH_ROLE_CLAIM,
        tenant: data.AUTH_TENANT_CLAIM,
        fiscalCode: data.AUTH_FISCAL_CODE_CLAIM,
      },
    },
  };
}
