import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a web page of another origin sent this. A sandbox is often left running on a developer's machine, where any
 * website could otherwise read its journal or reset it.
 *
 * A browser says so itself: `Sec-Fetch-Site`, or an `Origin` that is not the address called. Neither helps when a site
 * has its own name point at this machine (DNS rebinding): page and sandbox then seem to be one origin. So what looks
 * like a browser may reach it under a local name only.
 */
export function isForeignPage({ headers }: IncomingMessage): boolean {
  const { origin, host = '' } = headers;
  if (headers['sec-fetch-site'] === 'cross-site') return true;
  if (origin !== undefined && URL.parse(origin)?.host !== host) return true;
  const isBrowser = origin !== undefined || headers['user-agent']?.startsWith('Mozilla/') === true;
  return isBrowser && !isLocal(URL.parse(`http://${host}`)?.hostname ?? '');
}

/** An address, or a name that nobody outside can own. */
function isLocal(hostname: string): boolean {
  if (isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0) return true;
  return !hostname.includes('.') || /\.(localhost|local|internal|test)$/.test(hostname);
}
