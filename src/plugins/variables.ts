import { ANY_ORIGIN } from './cors.ts';
import { OPEN } from './protections.ts';
import type { Protections } from './protections.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

/** Values of the environment that say what is refused; `config.ts` has their forms and defaults. */
export interface ProtectionVariables {
  readonly NODE_ENV?: string | undefined;
  readonly GRAPHIQL?: 'on' | 'off' | undefined;
  readonly INTROSPECTION?: 'on' | 'off' | undefined;
  /** These two with commas between. */
  readonly CORS_ORIGINS?: string | undefined;
  readonly ALLOWED_HOSTS?: string | undefined;
  readonly RATE_LIMIT_PER_MINUTE: number;
  readonly TRUST_PROXY: number;
  readonly MAX_OPERATION_COST: number;
}

const listOf = (text = ''): string[] =>
  text === '' ? [] : text.split(',').map((item) => item.trim().toLowerCase());

/** Origins as browsers write them: no path, no slash at the end, no port that goes without saying. */
export function areOrigins(text: string): boolean {
  const origins = listOf(text);
  if (origins.includes(ANY_ORIGIN)) return origins.length === 1;
  return origins.every((origin) => {
    const url = URL.parse(origin);
    return url !== null && /^https?:$/.test(url.protocol) && url.origin === origin && !origin.includes('*');
  });
}

/** Names as in a Host header, without the port. */
export function areHosts(text: string): boolean {
  return listOf(text).every((name) => /^([\w-]+(\.[\w-]+)*|\[[\da-f:.]+\])$/.test(name));
}

type Environment = Readonly<Record<string, string | undefined>>;

const isProduction = (env: Environment): boolean => env['NODE_ENV'] === 'production';
const hasAuthentication = ({ AUTH }: Environment): boolean => AUTH !== undefined && AUTH !== 'none';

/** Variables that would leave the gateway open, in words for whoever set them. */
export function* protectionConflictsIn(env: Environment): Generator<string> {
  if (env['CORS_ORIGINS'] !== ANY_ORIGIN) return;
  if (hasAuthentication(env))
    yield 'CORS_ORIGINS: cannot be * with authentication: list the origins whose pages hold tokens or keys';
  else if (isProduction(env))
    yield 'CORS_ORIGINS: cannot be * in production: every page on the web could use the gateway from within your network';
}

/** What an operator should know about a configuration that can be used. */
export function* weaknessesIn(
  env: Environment,
  { isRealService, isSandbox }: { readonly isRealService: boolean; readonly isSandbox: boolean },
): Generator<string> {
  if (!isProduction(env)) {
    if (isRealService)
      yield 'NODE_ENV is not production: GraphiQL, introspection and suggestions are on unless switched off';
    if (env['CORS_ORIGINS'] === ANY_ORIGIN)
      yield 'CORS_ORIGINS is *: every page on the web may use this gateway';
    return;
  }
  if (isSandbox) yield 'there is no key of the service: this gateway talks to a sandbox';
  if (!hasAuthentication(env))
    yield 'there is no authentication (AUTH=none): whoever reaches the gateway may do everything';
  if (env['GRAPHIQL'] === 'on') yield 'GRAPHIQL is on in production';
  if (env['INTROSPECTION'] === 'on') yield 'INTROSPECTION is on in production: everybody can read the schema';
  if (env['RATE_LIMIT_PER_MINUTE'] === '0')
    yield 'RATE_LIMIT_PER_MINUTE is 0: one caller can use up the calls of the service for all';
}

export function protectionsOf(
  data: ProtectionVariables,
  trustedDocuments: TrustedDocuments | undefined,
): Protections {
  const isOpen = data.NODE_ENV !== 'production';
  const isOn = (value: 'on' | 'off' | undefined): boolean => (value === undefined ? isOpen : value === 'on');
  return {
    ...OPEN,
    graphiql: isOn(data.GRAPHIQL),
    introspection: isOn(data.INTROSPECTION),
    suggestions: isOpen,
    corsOrigins: listOf(data.CORS_ORIGINS),
    allowedHosts: listOf(data.ALLOWED_HOSTS),
    trustedDocuments,
    requestsPerMinute: data.RATE_LIMIT_PER_MINUTE,
    proxyHops: data.TRUST_PROXY,
    maxOperationCost: data.MAX_OPERATION_COST,
  };
}
