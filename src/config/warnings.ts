import { ANY_ORIGIN } from '../http/cors.ts';
import { itemsOf } from './validators.ts';
import type { Environment } from './validators.ts';

const isProduction = (env: Environment): boolean => env['NODE_ENV'] === 'production';
const hasAuthentication = ({ AUTH }: Environment): boolean => AUTH !== undefined && AUTH !== 'none';

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
export function* exposuresIn(env: Environment): Generator<string> {
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

/** Warnings about a valid configuration that is weak. */
export function* weaknessesIn(
  env: Environment,
  { isRealService, isSandbox }: { readonly isRealService: boolean; readonly isSandbox: boolean },
): Generator<string> {
  const { NODE_ENV = '', HOST = '127.0.0.1' } = env;
  if (!isProduction(env)) {
    if (NODE_ENV !== '' && !KNOWN_ENVIRONMENTS.includes(NODE_ENV))
      yield 'Unknown NODE_ENV value; use production, development, test or staging. Only production enables the protections';
    if (isRealService)
      yield 'NODE_ENV is not production: GraphiQL, introspection and suggestions are on unless disabled';
    if (env['CORS_ORIGINS'] === ANY_ORIGIN) yield 'CORS_ORIGINS is *: any web page may use this gateway';
    return;
  }
  if (isSandbox) yield 'SANDBOX_URL is set: the upstream is a sandbox, and nothing is really signed';
  if (!hasAuthentication(env)) yield 'AUTH is none: every client that can reach the gateway has all rights';
  if (env['GRAPHIQL'] === 'on') yield 'GRAPHIQL is on in production';
  if (env['INTROSPECTION'] === 'on')
    yield 'INTROSPECTION is on in production: every client can read the schema';
  if (env['RATE_LIMIT_PER_MINUTE'] === '0')
    yield 'RATE_LIMIT_PER_MINUTE is 0: one caller can use the whole rate budget of the API key';
  if (!LOOPBACK.test(HOST) && env['ALLOWED_HOSTS'] === undefined)
    yield 'ALLOWED_HOSTS is not set while HOST accepts other machines: a web page can reach the gateway under any name (DNS rebinding)';
  if (itemsOf(env['CORS_ORIGINS'] ?? '').some(isUnencrypted))
    yield 'CORS_ORIGINS contains an http origin: its pages can be modified in transit, including their requests to the gateway';
  if (Number(env['AUTH_JWKS_MAX_STALE_SECONDS'] ?? 0) > DAY_SECONDS)
    yield 'AUTH_JWKS_MAX_STALE_SECONDS is more than a day: a revoked key may stay valid for that time';
  if (env['LOG_LEVEL'] === 'silent') yield 'LOG_LEVEL is silent: no request is logged';
}
