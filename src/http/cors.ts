import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import { RefusalError } from './answer.ts';
import type { RequestHeaders } from '../auth/headers.ts';

/** The value of `CORS_ORIGINS` that permits pages of every origin. */
export const ANY_ORIGIN = '*';

/** Response headers that pages may read, besides those that every page may read. */
const EXPOSED_HEADERS = [
  'accept-ranges',
  'content-disposition',
  'content-range',
  'etag',
  'retry-after',
  'www-authenticate',
  'x-request-id',
];

/** Chromium keeps a preflight for at most two hours. */
const PREFLIGHT_SECONDS = 3_600;

/**
 * Sets the CORS headers for pages of these origins. It allows no credentials: callers authenticate by a header, and no
 * page may send cookies.
 */
export function setCorsHeaders(req: IncomingMessage, res: ServerResponse, origins: readonly string[]): void {
  const { origin, 'access-control-request-headers': requested } = req.headers;
  if (origin === undefined || !isListed(origin, origins)) return;
  res.setHeader('access-control-allow-origin', origin);
  res.setHeader('access-control-allow-methods', 'GET, POST');
  res.setHeader('access-control-expose-headers', EXPOSED_HEADERS.join(', '));
  res.setHeader('access-control-max-age', PREFLIGHT_SECONDS);
  res.setHeader('vary', requested === undefined ? 'Origin' : 'Origin, Access-Control-Request-Headers');
  if (requested !== undefined) res.setHeader('access-control-allow-headers', requested);
}

/** Answers the preflight requests of browsers. @returns undefined for other requests, and without listed origins. */
export function preflightAnswer({ method }: IncomingMessage, origins: readonly string[]): Answer | undefined {
  return method === 'OPTIONS' && origins.length > 0 ? { status: 204 } : undefined;
}

/**
 * Refuses requests of web pages of another origin, unless the origin is listed. Browsers send forms and multipart bodies
 * without a preflight, so without CORS headers the page cannot read the answer, but the mutation runs. Browsers say where
 * a request comes from (`Sec-Fetch-Site`, `Origin`); other clients do not.
 *
 * @throws {RefusalError}
 */
export function checkOrigin(headers: RequestHeaders, origins: readonly string[]): void {
  if (!isForeign(headers, origins)) return;
  throw new RefusalError({
    status: 403,
    code: 'FORBIDDEN_ORIGIN',
    message:
      'Web pages of another origin may not use this gateway. Serve them from its origin, or add theirs to CORS_ORIGINS.',
  });
}

function isForeign(headers: RequestHeaders, origins: readonly string[]): boolean {
  const origin = headers.get('origin');
  if (origin !== null && isListed(origin, origins)) return false;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  return origin !== null && URL.parse(origin)?.host !== headers.get('host');
}

/** `null` is the origin of every page that hides its own, so it is never listed. */
function isListed(origin: string, origins: readonly string[]): boolean {
  return origins.includes(origin) || (origins.includes(ANY_ORIGIN) && origin !== 'null');
}
