import { z } from 'zod';
import { ApiKeysError, readApiKeys } from '../auth/api-keys.ts';
import type { AuthenticationOptions } from '../auth/authenticate.ts';
import { KeyFileError, readKeyFile, readTenants, TenantsError } from '../auth/issuer-keys.ts';
import { ManifestError, readTrustedDocuments } from '../graphql/trusted-documents.ts';
import { ANY_ORIGIN } from '../http/admission.ts';
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
import { EMPTY, itemsOf } from './validators.ts';
import type { Environment, Values } from './validators.ts';

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

type Settings = Values<
  typeof serverVariables &
    typeof upstreamVariables &
    typeof protectionVariables &
    typeof authenticationVariables &
    typeof observabilityVariables
>;

const isProduction = ({ NODE_ENV }: { readonly NODE_ENV?: string | undefined }): boolean =>
  NODE_ENV === 'production';
const hasAuthentication = ({ AUTH }: { readonly AUTH?: string | undefined }): boolean =>
  AUTH !== undefined && AUTH !== 'none';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;
/** Whether a URL is plain http to another machine, which others on the network can read and modify. */
function isUnencrypted(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === 'http:' && !LOOPBACK.test(url.hostname);
}
/** The variables that select an upstream. Without them the gateway starts a sandbox. */
const UPSTREAM_VARIABLES = ['FIRMA_API_KEY', 'FIRMA_API_KEY_FILE', 'TENANTS_FILE', 'SANDBOX_URL'];

/** Usual values, some of them for other programs. Any other value is probably a typing error. */
const KNOWN_ENVIRONMENTS = ['production', 'development', 'test', 'staging'];
const DAY_SECONDS = 86_400;

/** Settings that the gateway refuses to start with, because they expose it. */
function* exposuresIn(env: Environment): Generator<string> {
  if (env['CORS_ORIGINS'] === ANY_ORIGIN) {
    if (hasAuthentication(env))
      yield 'CORS_ORIGINS: must not be * with authentication; list the origins whose pages hold tokens or keys';
    else if (isProduction(env))
      yield 'CORS_ORIGINS: must not be * in production: any web page could use the gateway from inside your network';
  }
  if (!isProduction(env)) return;
  if (UPSTREAM_VARIABLES.every((name) => env[name] === undefined))
    yield 'FIRMA_API_KEY: is required in production, as are its alternatives FIRMA_API_KEY_FILE and TENANTS_FILE: production starts no sandbox. To try the gateway, set SANDBOX_URL to a running one';
  if (isUnencrypted(env['FIRMA_API_URL'] ?? ''))
    yield 'FIRMA_API_URL: must be https in production: the API key and personal data are sent there';
  if (itemsOf(env['FIRMA_STORAGE_HOSTS'] ?? '').some(isUnencrypted))
    yield 'FIRMA_STORAGE_HOSTS: must be https in production: documents are sent there';
}

/** Warnings about a valid configuration that exposes the gateway. */
function* warningsAbout(
  settings: Settings,
  { isRealService, isSandbox }: { readonly isRealService: boolean; readonly isSandbox: boolean },
): Generator<string> {
  const { NODE_ENV = '', CORS_ORIGINS } = settings;
  if (isSandbox && settings.FINAL_REQUESTS_KEPT > 0)
    yield 'FINAL_REQUESTS_KEPT has no effect with a sandbox, whose control can take back a final status';
  if (!isProduction(settings)) {
    if (NODE_ENV !== '' && !KNOWN_ENVIRONMENTS.includes(NODE_ENV))
      yield 'Unknown NODE_ENV value; use production, development, test or staging. Only production enables the protections';
    if (isRealService)
      yield 'NODE_ENV is not production: GraphiQL, introspection and suggestions are on unless disabled';
    if (CORS_ORIGINS === ANY_ORIGIN) yield 'CORS_ORIGINS is *: any web page may use this gateway';
    return;
  }
  if (isSandbox) yield 'SANDBOX_URL is set: the upstream is a sandbox, and nothing is really signed';
  if (!hasAuthentication(settings))
    yield 'AUTH is none: every client that can reach the gateway has all rights';
  if (settings.GRAPHIQL === 'on') yield 'GRAPHIQL is on in production';
  if (settings.INTROSPECTION === 'on')
    yield 'INTROSPECTION is on in production: every client can read the schema';
  if (settings.RATE_LIMIT_PER_MINUTE === 0)
    yield 'RATE_LIMIT_PER_MINUTE is 0: one caller can use the whole rate budget of the API key';
  if (!LOOPBACK.test(settings.HOST) && settings.ALLOWED_HOSTS === undefined)
    yield 'ALLOWED_HOSTS is not set while HOST accepts other machines: a web page can reach the gateway under any name (DNS rebinding)';
  if (itemsOf(CORS_ORIGINS ?? '').some(isUnencrypted))
    yield 'CORS_ORIGINS contains an http origin: its pages can be modified in transit, including their requests to the gateway';
  if (settings.AUTH_JWKS_MAX_STALE_SECONDS > DAY_SECONDS)
    yield 'AUTH_JWKS_MAX_STALE_SECONDS is more than a day: a revoked key may stay valid for that time';
  if (settings.LOG_LEVEL === 'silent') yield 'LOG_LEVEL is silent: no request is logged';
}
