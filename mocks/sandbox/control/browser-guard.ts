import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a web page of another origin sent the request. Any website could otherwise read the journal of a sandbox that
 * runs on a developer's machine, or reset it.
 *
 * Browsers send `Sec-Fetch-Site`, or an `Origin` that differs from the host. Neither detects DNS rebinding, where a site
 * points its own name at this machine. Requests that look like a browser's must therefore use a local host name.
 */
export function isCrossOriginPage({ headers }: IncomingMessage): boolean {
  const { origin, host = '' } = headers;
  if (headers['sec-fetch-site'] === 'cross-site') return true;
  if (origin !== undefined && URL.parse(origin)?.host !== host) return true;
  const isBrowser = origin !== undefined || headers['user-agent']?.startsWith('Mozilla/') === true;
  return isBrowser && !isLocal(URL.parse(`http://${host}`)?.hostname ?? '');
}

/** An IP address, or a name that cannot be registered in the public DNS. */
function isLocal(hostname: string): boolean {
  if (isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0) return true;
  return !hostname.includes('.') || /\.(localhost|local|internal|test)$/.test(hostname);
}
