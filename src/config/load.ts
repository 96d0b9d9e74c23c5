import { z } from 'zod';
import { readApiKeys } from '../auth/api-keys.ts';
import type { AuthenticationOptions } from '../auth/authenticate.ts';
import { readKeyFile } from '../auth/issuer-key.ts';
import { readTenants } from '../auth/tenants.ts';
import { authenticationConflictsIn, authenticationOf, authenticationVariables } from './authentication.ts';
import { readNamed } from './files.ts';
import { EMPTY } from './validators.ts';
import type { Environment } from './validators.ts';
import { keepingConfigOf, keepingVariables } from './persistence.ts';
import type { KeepingConfig } from './persistence.ts';
import { misspellingsIn } from './misspellings.ts';
import { observingConfigOf, observingVariables } from './observability.ts';
import type { ObservingConfig } from './observability.ts';
import { protectionsOf, protectionVariables } from './protection.ts';
import { servingConfigOf, servingVariables } from './server.ts';
import type { ServingConfig } from './server.ts';
import { isService, upstreamConfigOf, upstreamConflictsIn, upstreamVariables } from './upstream.ts';
import type { UpstreamConfig } from './upstream.ts';
import { exposuresIn, weaknessesIn } from './warnings.ts';
import type { Protections } from '../graphql/protections.ts';
import { readTrustedDocuments } from '../graphql/trusted-documents.ts';
import { readWebhooks, tenantMistakesIn } from '../webhooks/endpoints.ts';
import { proxyConfigOf, proxyVariables, withProxies } from './proxies.ts';
import type { ProxyConfig } from './proxies.ts';

/** The gateway's settings, parsed once from the environment. */
export interface Config extends UpstreamConfig, ServingConfig, ObservingConfig, KeepingConfig, ProxyConfig {
  readonly auth: AuthenticationOptions;
  readonly protections: Protections;
  /** What an operator should know: the configuration can be used, and is weak. */
  readonly warnings: readonly string[];
}

/** The environment cannot be used. The message lists every mistake and no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Every variable that is read, with its format, its default and its description, by the heading of the reference. */
export const variablesByArea = {
  Server: servingVariables,
  'Upstream service and sandbox': upstreamVariables,
  'Proxies on the way out': proxyVariables,
  Authentication: authenticationVariables,
  Protection: protectionVariables,
  'Redis, idempotency and webhooks': keepingVariables,
  'Logs, metrics and traces': observingVariables,
};

const variables = z.object({
  ...servingVariables,
  ...upstreamVariables,
  ...proxyVariables,
  ...authenticationVariables,
  ...protectionVariables,
  ...keepingVariables,
  ...observingVariables,
});

/** @throws {ConfigError} with every mistake at once. */
export function loadConfig(given: Environment): Config {
  const env = withProxies(given);
  const { data, error } = variables.safeParse(env);
  const key = readNamed('FIRMA_API_KEY_FILE', env['FIRMA_API_KEY_FILE'], readKeyFile);
  const tenants = readNamed('TENANTS_FILE', env['TENANTS_FILE'], readTenants);
  const apiKeys = readNamed('AUTH_API_KEYS_FILE', env['AUTH_API_KEYS_FILE'], readApiKeys);
  const documents = readNamed('TRUSTED_DOCUMENTS', env['TRUSTED_DOCUMENTS'], readTrustedDocuments);
  const webhooks = readNamed('WEBHOOKS_FILE', env['WEBHOOKS_FILE'], readWebhooks);
  const misspellings = [...misspellingsIn(env, Object.keys(variables.shape))];
  const mistakes = [
    ...(error?.issues ?? []).map(({ path, message }) => mistakeIn(env, path.join('.'), message)),
    ...exposuresIn(env),
    ...upstreamConflictsIn(env),
    ...authenticationConflictsIn(env),
    ...[key, tenants, apiKeys, documents, webhooks].flatMap(({ mistake }) => mistake ?? []),
    // Of tenants that cannot be read nothing can be said.
    ...(tenants.mistake === undefined ? tenantMistakesIn(webhooks.value ?? [], tenants.value) : []),
  ];
  if (data === undefined || mistakes.length > 0) {
    throw new ConfigError(['The configuration cannot be used:', ...mistakes, ...misspellings].join('\n  '));
  }
  const upstream = upstreamConfigOf(data, data.FIRMA_API_KEY ?? key.value ?? tenants.value);
  const { apiKey, apiUrl, sandboxUrl } = upstream;
  return Object.freeze({
    ...upstream,
    ...servingConfigOf(data),
    ...observingConfigOf(data),
    ...keepingConfigOf(data, webhooks.value),
    ...proxyConfigOf(data),
    auth: authenticationOf(data),
    protections: protectionsOf(data, documents.value),
    warnings: [
      ...misspellings,
      ...weaknessesIn(env, {
        isRealService: apiUrl !== undefined && sandboxUrl === undefined && isService(apiUrl),
        isSandbox: apiKey === undefined || sandboxUrl !== undefined,
      }),
    ],
  });
}

/** A variable that is set to nothing is often one that something else should have filled. */
function mistakeIn(env: Environment, name: string, message: string): string {
  const isEmpty = env[name] === '' && message !== EMPTY;
  return `${name}: ${isEmpty ? `is empty and ${message}` : message}`;
}
