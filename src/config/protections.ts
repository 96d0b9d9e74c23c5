import { z } from 'zod';
import { ANY_ORIGIN } from '../plugins/cors.ts';
import { OPEN } from '../plugins/protections.ts';
import type { Protections } from '../plugins/protections.ts';
import type { TrustedDocuments } from '../plugins/trusted-documents.ts';
import { filled, itemsOf, onOrOff, wholeNumber } from './forms.ts';
import type { Values } from './forms.ts';

const namesOf = (text: string | undefined): string[] =>
  text === undefined ? [] : itemsOf(text).map((name) => name.toLowerCase());

/** Origins as browsers write them: no path, no slash at the end, no port that goes without saying. */
function areOrigins(text: string): boolean {
  const origins = namesOf(text);
  if (origins.includes(ANY_ORIGIN)) return origins.length === 1;
  return origins.every((origin) => {
    const url = URL.parse(origin);
    return url !== null && /^https?:$/.test(url.protocol) && url.origin === origin && !origin.includes('*');
  });
}

/** Names as in a Host header, without the port. */
const areHosts = (text: string): boolean =>
  namesOf(text).every((name) => /^([\w-]+(\.[\w-]+)*|\[[\da-f:.]+\])$/.test(name));

export const protectionVariables = {
  NODE_ENV: z.string().optional(),
  GRAPHIQL: onOrOff.optional(),
  INTROSPECTION: onOrOff.optional(),
  CORS_ORIGINS: filled
    .refine(areOrigins, 'must be origins such as https://www.comune.example, with commas between them, or *')
    .optional(),
  ALLOWED_HOSTS: filled
    .refine(areHosts, 'must be names such as firma.comune.example without a port, with commas between them')
    .optional(),
  TRUSTED_DOCUMENTS: filled.optional(),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).default(1_800),
  TRUST_PROXY: wholeNumber(0, 10).default(0),
  MAX_OPERATION_COST: wholeNumber(1, 100_000).default(250),
};

/** @param trustedDocuments what the manifest holds */
export function protectionsOf(
  values: Values<typeof protectionVariables>,
  trustedDocuments: TrustedDocuments | undefined,
): Protections {
  const isOpen = values.NODE_ENV !== 'production';
  const isOn = (value: 'on' | 'off' | undefined): boolean => (value === undefined ? isOpen : value === 'on');
  return {
    ...OPEN,
    graphiql: isOn(values.GRAPHIQL),
    introspection: isOn(values.INTROSPECTION),
    suggestions: isOpen,
    corsOrigins: namesOf(values.CORS_ORIGINS),
    allowedHosts: namesOf(values.ALLOWED_HOSTS),
    trustedDocuments,
    requestsPerMinute: values.RATE_LIMIT_PER_MINUTE,
    proxyHops: values.TRUST_PROXY,
    maxOperationCost: values.MAX_OPERATION_COST,
  };
}
