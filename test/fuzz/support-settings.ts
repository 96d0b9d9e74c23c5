import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { startTenants } from './support-tenants.ts';
import { startTokens } from './support-tokens.ts';
import type { Ids, Target } from './support-values.ts';

export const WORLDS = ['laptop', 'production', 'tenants'] as const;
export type WorldName = (typeof WORLDS)[number];

/** How a gateway is run, and what is around it. */
export interface Setting {
  /** Variables of the gateway. */
  readonly env: Readonly<Record<string, string>>;
  /** Name in the header Host. */
  readonly host: string;
  /** Values of the header Authorization, a good one first; none where nobody is asked. */
  readonly credentials: readonly string[];
  /** What no answer may hold. */
  readonly secrets: readonly string[];
  /** Whose the attackers are, where there are several. */
  readonly issuer?: string;
  /** What is another's and attackers know of it. */
  readonly foreign?: { readonly ids: Ids; readonly targets: readonly Target[] };
  /** Connections of the gateway that are open when nobody does anything, besides those to the service. */
  readonly idleSockets?: number;
  /** Whether nothing has come to whom it must not come. @throws {VerdictError} */
  readonly checkOthers?: () => Promise<void>;
}

/** Must reach nobody. */
const API_KEY = 'a-key-that-nobody-may-see';

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
  /** As on a developer's machine. */
  laptop: (sandbox) =>
    Promise.resolve({
      env: { SANDBOX_URL: sandbox.url, RATE_LIMIT_PER_MINUTE: '0' },
      host: 'localhost',
      credentials: [],
      secrets: [],
    }),
  /** With tokens, and one key of the service. */
  production: async (sandbox) => {
    const tokens = await startTokens();
    return {
      env: { ...production(sandbox), FIRMA_API_KEY: API_KEY, ...tokens.env },
      host: HOST,
      credentials: tokens.all.map((token) => `Bearer ${token}`),
      secrets: [API_KEY, tokens.operator],
    };
  },
  /** With API keys, two tenants, and webhooks for both; attackers have keys of one of them. */
  tenants: async (sandbox) => {
    const { env, ...rest } = await startTenants(sandbox);
    return { env: { ...production(sandbox), ...env }, host: HOST, ...rest };
  },
};
