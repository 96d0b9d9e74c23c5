import type { Plugin } from 'graphql-yoga';
import { holdsFiscalCode } from '../observability/logging/scrub.ts';
import { refusal } from './error-response.ts';

/** As long as the addresses that proxies and servers commonly take. */
const MAX_URL_LENGTH = 8_000;

/** Addresses end up in logs and histories everywhere: long ones are refused, and those with a fiscal code in them. */
export function useAddressRules(): Plugin {
  return {
    onRequest({ request, fetchAPI, endResponse }) {
      if (request.url.length > MAX_URL_LENGTH)
        endResponse(
          refusal(
            fetchAPI,
            414,
            'URI_TOO_LONG',
            `The address is longer than ${MAX_URL_LENGTH.toLocaleString('en')} characters. Send the operation by POST.`,
          ),
        );
      else if (hasFiscalCode(request.url))
        endResponse(
          refusal(
            fetchAPI,
            400,
            'FISCAL_CODE_IN_URL',
            'Addresses must not hold fiscal codes, because logs keep them. Send the operation by POST.',
          ),
        );
    },
  };
}

/** As it stands, percent-encoded, and written with the escapes of JSON and GraphQL strings. */
function hasFiscalCode(url: string): boolean {
  const bytes = url.replaceAll('+', ' ').replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => charOf(hex));
  const text = bytes.replaceAll(
    /\\u(?:\{0*([\da-f]{1,4})\}|([\da-f]{4}))/gi,
    (_, braced?: string, four?: string) => charOf(braced ?? four ?? ''),
  );
  return [url, bytes, text].some(holdsFiscalCode);
}

const charOf = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));
