import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { startTenants } from './support-tenants.ts';
import { startTokens } from './support-tokens.ts';
import type { Ids, Target } from './support-values.ts';

export const WORLDS = ['laptop', 'production', 'tenants'] as const;
export type WorldName = (typeof WORLDS)[number];

/** The configuration of a gateway and its environment. */
export interface Setting {
  /** Environment variables of the gateway. */
  readonly env: Readonly<Record<string, string>>;
  /** The value of the header Host. */
  readonly host: string;
  /** Values of the header Authorization, a valid one first; empty without authentication. */
  readonly credentials: readonly string[];
  /** Secrets that no answer may contain. */
  readonly secrets: readonly string[];
  /** The tenant of the attackers, if there are several. */
  readonly issuer?: string;
  /** Ids of another tenant that the attackers know. */
  readonly foreign?: { readonly ids: Ids; readonly targets: readonly Target[] };
  /** Open connections of an idle gateway, except those to the service. */
  readonly idleSockets?: number;
  /** Checks that the other tenant is not affected. @throws {VerdictError} */
  readonly checkOthers?: () => Promise<void>;
}

/** Must appear in no answer. */
const API_KEY = 'a-secret-issuer-key';

const production = (sandbox: Sandbox) => ({
  NODE_ENV: 'production',
  FIRMA_API_URL: sandbox.url,
  FIRMA_STORAGE_HOSTS: sandbox.origin,
  ALLOWED_HOSTS: 'firma.comune.example',
  CORS_ORIGINS: 'https://portale.comune.example',
  RATE_LIMIT_PER_MINUTE: '1000000',
});
const HOST = 'firma.comune.example';

export const SETTINGS: Readonly<Record<WorldName, (sandbox: Sandbox) => Promise<Setting>>> = {
  /** The defaults of a developer's machine. */
  laptop: (sandbox) =>
    Promise.resolve({
      env: { SANDBOX_URL: sandbox.url, RATE_LIMIT_PER_MINUTE: '0' },
      host: 'localhost',
      credentials: [],
      secrets: [],
    }),
  /** Production with tokens, and one issuer key. */
  production: async (sandbox) => {
    const tokens = await startTokens();
    return {
      env: { ...production(sandbox), FIRMA_API_KEY: API_KEY, ...tokens.env },
      host: HOST,
      credentials: tokens.all.map((token) => `Bearer ${token}`),
      secrets: [API_KEY, tokens.operator],
    };
  },
  /** Production with API keys, two tenants, and webhooks for both; the attackers have keys of one tenant. */
  tenants: async (sandbox) => {
    const { env, ...rest } = await startTenants(sandbox);
    return { env: { ...production(sandbox), ...env }, host: HOST, ...rest };
  },
};
