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
