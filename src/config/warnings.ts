import { ANY_ORIGIN } from '../http/cors.ts';
import { itemsOf } from './validators.ts';
import type { Environment } from './validators.ts';

const isProduction = (env: Environment): boolean => env['NODE_ENV'] === 'production';
const hasAuthentication = ({ AUTH }: Environment): boolean => AUTH !== undefined && AUTH !== 'none';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;
/** An address that is written out as http and leads over a network, where others can read and change what goes there. */
function isInTheClear(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === 'http:' && !LOOPBACK.test(url.hostname);
}
/** What says which service, or which sandbox, is meant; without any, a sandbox is brought along. */
const NAMES_OF_UPSTREAM = ['FIRMA_API_KEY', 'FIRMA_API_KEY_FILE', 'TENANTS_FILE', 'SANDBOX_URL'];

/** Of other programs, which have their reasons; a value that is none of them is a slip of the pen. */
const KNOWN_ENVIRONMENTS = ['production', 'development', 'test', 'staging'];
const DAY_SECONDS = 86_400;

/** Variables that would leave the gateway open, in words for whoever set them. */
export function* exposuresIn(env: Environment): Generator<string> {
  if (env['CORS_ORIGINS'] === ANY_ORIGIN) {
    if (hasAuthentication(env))
      yield 'CORS_ORIGINS: cannot be * with authentication: list the origins whose pages hold tokens or keys';
    else if (isProduction(env))
      yield 'CORS_ORIGINS: cannot be * in production: every page on the web could use the gateway from within your network';
  }
  if (!isProduction(env)) return;
  if (NAMES_OF_UPSTREAM.every((name) => env[name] === undefined))
    yield 'FIRMA_API_KEY: is needed in production, or FIRMA_API_KEY_FILE or TENANTS_FILE: no sandbox is started in the place of the service; or give SANDBOX_URL, to try things out';
  if (isInTheClear(env['FIRMA_API_URL'] ?? ''))
    yield 'FIRMA_API_URL: must be https in production: the key and the data of citizens go there';
  if (itemsOf(env['FIRMA_STORAGE_HOSTS'] ?? '').some(isInTheClear))
    yield 'FIRMA_STORAGE_HOSTS: must be https in production: documents go there';
}

/** What an operator should know about a configuration that can be used. */
export function* weaknessesIn(
  env: Environment,
  { isRealService, isSandbox }: { readonly isRealService: boolean; readonly isSandbox: boolean },
): Generator<string> {
  const { NODE_ENV = '', HOST = '127.0.0.1' } = env;
  if (!isProduction(env)) {
    if (NODE_ENV !== '' && !KNOWN_ENVIRONMENTS.includes(NODE_ENV))
      yield 'NODE_ENV is no word that is known here: only production switches the protections on';
    if (isRealService)
      yield 'NODE_ENV is not production: GraphiQL, introspection and suggestions are on unless switched off';
    if (env['CORS_ORIGINS'] === ANY_ORIGIN)
      yield 'CORS_ORIGINS is *: every page on the web may use this gateway';
    return;
  }
  if (isSandbox) yield 'SANDBOX_URL: this gateway talks to a sandbox, where nothing is signed';
  if (!hasAuthentication(env))
    yield 'there is no authentication (AUTH=none): whoever reaches the gateway may do everything';
  if (env['GRAPHIQL'] === 'on') yield 'GRAPHIQL is on in production';
  if (env['INTROSPECTION'] === 'on') yield 'INTROSPECTION is on in production: everybody can read the schema';
  if (env['RATE_LIMIT_PER_MINUTE'] === '0')
    yield 'RATE_LIMIT_PER_MINUTE is 0: one caller can use up the calls of the service for all';
  if (!LOOPBACK.test(HOST) && env['ALLOWED_HOSTS'] === undefined)
    yield 'HOST lets other machines in and ALLOWED_HOSTS names none: a web page can reach the gateway by any name (DNS rebinding)';
  if (itemsOf(env['CORS_ORIGINS'] ?? '').some(isInTheClear))
    yield 'CORS_ORIGINS has an origin of http: its pages can be changed on their way, and what they do here with them';
  if (Number(env['AUTH_JWKS_MAX_STALE_SECONDS'] ?? 0) > DAY_SECONDS)
    yield 'AUTH_JWKS_MAX_STALE_SECONDS is more than a day: for so long a key that the issuer has taken back may still be good';
  if (env['LOG_LEVEL'] === 'silent') yield 'LOG_LEVEL is silent: nobody will know who did what';
}
