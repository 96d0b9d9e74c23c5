import { z } from 'zod';
import { ApiKeysError, readApiKeys } from '../auth/api-keys.ts';
import type { AuthenticationOptions } from '../auth/authenticate.ts';
import { KeyFileError, readKeyFile, readTenants, TenantsError } from '../auth/issuer-keys.ts';
import { ManifestError, readTrustedDocuments } from '../graphql/trusted-documents.ts';
import { readWebhooks, tenantMistakesIn, WebhooksError } from '../webhooks/endpoints.ts';
import { authenticationConflictsIn, authenticationOf, authenticationVariables } from './authentication.ts';
import { misspellingsIn } from './misspellings.ts';
import { observabilityConfigOf, observabilityVariables } from './observability.ts';
import type { ObservabilityConfig } from './observability.ts';
import { persistenceConfigOf, persistenceVariables } from './persistence.ts';
import type { PersistenceConfig } from './persistence.ts';
import { protectionsOf, protectionVariables } from './protection.ts';
import type { Protections } from './protection.ts';
import { proxyConfigOf, proxyVariables, withProxies } from './proxies.ts';
import type { ProxyConfig } from './proxies.ts';
import { serverConfigOf, serverConflictsIn, serverVariables } from './server.ts';
import type { ServerConfig } from './server.ts';
import { isService, upstreamConfigOf, upstreamConflictsIn, upstreamVariables } from './upstream.ts';
import type { UpstreamConfig } from './upstream.ts';
import { EMPTY } from './validators.ts';
import type { Environment } from './validators.ts';
import { exposuresIn, warningsAbout } from './warnings.ts';

/** The settings of the gateway, parsed once from the environment. */
export interface Config
  extends UpstreamConfig, ServerConfig, ObservabilityConfig, PersistenceConfig, ProxyConfig {
  readonly auth: AuthenticationOptions;
  readonly protections: Protections;
  /** Warnings about weak settings and misspelled variables. */
  readonly warnings: readonly string[];
}

/** The configuration is invalid. The message lists every mistake, and no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** All variables with format, default and description, by heading of the configuration reference. */
export const variablesByArea = {
  Server: serverVariables,
  'Upstream service and sandbox': upstreamVariables,
  'Outbound proxies': proxyVariables,
  Authentication: authenticationVariables,
  Protection: protectionVariables,
  'Redis, idempotency and webhooks': persistenceVariables,
  'Logs, metrics and traces': observabilityVariables,
};

const variables = z.object({
  ...serverVariables,
  ...upstreamVariables,
  ...proxyVariables,
  ...authenticationVariables,
  ...protectionVariables,
  ...persistenceVariables,
  ...observabilityVariables,
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
    ...serverConflictsIn(env),
    ...upstreamConflictsIn(env),
    ...authenticationConflictsIn(env),
    ...[key, tenants, apiKeys, documents, webhooks].flatMap(({ mistake }) => mistake ?? []),
    // Unreadable tenants cannot be compared with the webhooks.
    ...(tenants.mistake === undefined ? tenantMistakesIn(webhooks.value ?? [], tenants.value) : []),
  ];
  if (data === undefined || mistakes.length > 0) {
    throw new ConfigError(['Invalid configuration:', ...mistakes, ...misspellings].join('\n  '));
  }
  const upstream = upstreamConfigOf(data, data.FIRMA_API_KEY ?? key.value ?? tenants.value);
  const { apiKey, apiUrl, sandboxUrl } = upstream;
  return Object.freeze({
    ...upstream,
    ...serverConfigOf(data),
    ...observabilityConfigOf(data),
    ...persistenceConfigOf(data, webhooks.value),
    ...proxyConfigOf(data),
    auth: authenticationOf(data),
    protections: protectionsOf(data, documents.value),
    warnings: [
      ...misspellings,
      ...warningsAbout(data, {
        isRealService: apiUrl !== undefined && sandboxUrl === undefined && isService(apiUrl),
        isSandbox: apiKey === undefined || sandboxUrl !== undefined,
      }),
    ],
  });
}

/** Says so if a value is empty: often another program should have set it. */
function mistakeIn(env: Environment, name: string, message: string): string {
  const isEmpty = env[name] === '' && message !== EMPTY;
  return `${name}: ${isEmpty ? `is empty and ${message}` : message}`;
}

/** The content of a file, or its mistake; neither if the variable is not set. */
interface Content<T> {
  readonly value?: T;
  readonly mistake?: string;
}

const FILE_ERRORS = [KeyFileError, TenantsError, ApiKeysError, ManifestError, WebhooksError];

/** Reads the file of the variable `name`. */
function readNamed<T>(name: string, file: string | undefined, read: (file: string) => T): Content<T> {
  if (file === undefined || file === '') return {};
  try {
    return { value: read(file) };
  } catch (error) {
    if (!(error instanceof Error) || !FILE_ERRORS.some((kind) => error instanceof kind)) throw error;
    return { mistake: `${name}: ${error.message}` };
  }
}
