import type { CORSOptions } from 'graphql-yoga';

/** Pages of every origin. */
export const ANY_ORIGIN = '*';

/** Besides those that every page may read. */
const EXPOSED_HEADERS = [
  'accept-ranges',
  'content-disposition',
  'content-range',
  'etag',
  'retry-after',
  'www-authenticate',
  'x-request-id',
];

/** An hour less than what Chromium keeps at most. */
const PREFLIGHT_SECONDS = 3_600;

/**
 * CORS headers for pages of these origins, and none for others. Yoga's own default lets every page read answers, with
 * the cookies of whoever looks at it; here no page may send cookies, because callers identify themselves by a header.
 */
export function corsFor(origins: readonly string[]): false | ((request: Request) => CORSOptions) {
  if (origins.length === 0) return false;
  return ({ headers }) => {
    const origin = headers.get('origin');
    if (origin === null || !isListed(origin, origins)) return false;
    return {
      // Twice: with a list of one, Yoga leaves out `Vary: Origin`.
      origin: [origin, origin],
      methods: ['GET', 'POST'],
      exposedHeaders: EXPOSED_HEADERS,
      credentials: false,
      maxAge: PREFLIGHT_SECONDS,
    };
  };
}

/** Whether pages of this origin may use the gateway. `null` is every page that hides where it is from: never listed. */
export function isListed(origin: string, origins: readonly string[]): boolean {
  return origins.includes(origin) || (origins.includes(ANY_ORIGIN) && origin !== 'null');
}
