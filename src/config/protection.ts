import { z } from 'zod';
import type { TrustedDocuments } from '../graphql/trusted-documents.ts';
import { PROXY_HEADERS } from '../http/client-address.ts';
import type { TrustedProxies } from '../http/client-address.ts';
import { ANY_ORIGIN } from '../http/admission.ts';
import { filled, itemsOf, onOrOff, wholeNumber } from './validators.ts';
import type { Values } from './validators.ts';

const namesOf = (text: string | undefined): string[] =>
  text === undefined ? [] : itemsOf(text).map((name) => name.toLowerCase());

/** Origins as browsers send them: without path, trailing slash and default port. */
function areOrigins(text: string): boolean {
  const origins = namesOf(text);
  if (origins.includes(ANY_ORIGIN)) return origins.length === 1;
  return origins.every((origin) => {
    const url = URL.parse(origin);
    return url !== null && /^https?:$/.test(url.protocol) && url.origin === origin && !origin.includes('*');
  });
}

/** Names as in a `Host` header, without port. */
const areHosts = (text: string): boolean =>
  namesOf(text).every((name) => /^([\w-]+(\.[\w-]+)*|\[[\da-f:.]+\])$/.test(name));

export const protectionVariables = {
  NODE_ENV: z
    .string()
    .optional()
    .describe('`production` turns GraphiQL, introspection and suggestions off, and never starts a sandbox.'),
  GRAPHIQL: onOrOff.optional().describe('`on` or `off`. On by default, except in production.'),
  INTROSPECTION: onOrOff.optional().describe('`on` or `off`. On by default, except in production.'),
  CORS_ORIGINS: filled
    .refine(areOrigins, 'must be comma-separated origins such as https://www.comune.example, or *')
    .optional()
    .describe(
      'Origins, comma-separated, whose pages may use the gateway besides its own. `*` allows every page and is refused in production.',
    ),
  ALLOWED_HOSTS: filled
    .refine(areHosts, 'must be comma-separated names such as firma.comune.example, without port')
    .optional()
    .describe(
      'Accepted names in the `Host` header, comma-separated. By default the names of this machine, or every name if `HOST` is not a loopback address.',
    ),
  TRUSTED_DOCUMENTS: filled
    .optional()
    .describe(
      'Manifest of trusted documents: a JSON file with documents by their SHA-256. No other operation is executed.',
    ),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000)
    .default(1_800)
    .describe(
      'Requests per minute of one caller or, without authentication, of one client address. `0` removes the limit.',
    ),
  TRUST_PROXY: wholeNumber(0, 10)
    .default(0)
    .describe('Number of your own proxies in front of the gateway whose `TRUST_PROXY_HEADER` is trusted.'),
  TRUST_PROXY_HEADER: z
    .enum(PROXY_HEADERS, `must be ${PROXY_HEADERS.join(' or ')}`)
    .default('x-forwarded-for')
    .describe(
      'Header to which these proxies add the address of their client: `x-forwarded-for` or `forwarded` (RFC 7239). The other one is ignored.',
    ),
  MAX_OPERATION_COST: wholeNumber(1, 100_000)
    .default(250)
    .describe('Upstream calls that one operation may need at most.'),
};

/** @param trustedDocuments the content of the manifest */
export function protectionsOf(
  values: Values<typeof protectionVariables>,
  trustedDocuments: TrustedDocuments | undefined,
): Protections {
  const isOpen = values.NODE_ENV !== 'production';
  const isOn = (value: 'on' | 'off' | undefined): boolean => (value === undefined ? isOpen : value === 'on');
  return {
    graphiql: isOn(values.GRAPHIQL),
    introspection: isOn(values.INTROSPECTION),
    suggestions: isOpen,
    corsOrigins: namesOf(values.CORS_ORIGINS),
    allowedHosts: namesOf(values.ALLOWED_HOSTS),
    trustedDocuments,
    requestsPerMinute: values.RATE_LIMIT_PER_MINUTE,
    proxies: { hops: values.TRUST_PROXY, header: values.TRUST_PROXY_HEADER },
    maxOperationCost: values.MAX_OPERATION_COST,
  };
}

/** The protections that an operator configures. */
export interface Protections {
  /** Whether browsers get GraphiQL. */
  readonly graphiql: boolean;
  /** Whether clients may query the schema. */
  readonly introspection: boolean;
  /** Whether error messages suggest names of the schema. */
  readonly suggestions: boolean;
  /** Origins, besides the gateway's own, whose pages may use it. `*` permits every origin. */
  readonly corsOrigins: readonly string[];
  /** Names of the gateway besides those of its machine; see `Gatekeeper`. */
  readonly allowedHosts: readonly string[];
  /** When set, no other document runs. */
  readonly trustedDocuments: TrustedDocuments | undefined;
  /** The per-caller rate limit. 0: no limit. */
  readonly requestsPerMinute: number;
  readonly proxies: TrustedProxies;
  /** The upstream calls that one operation may need. */
  readonly maxOperationCost: number;
}
