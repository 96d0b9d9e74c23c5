import type { IncomingMessage } from 'node:http';

/** The parts of a URI's authority that servers receive: RFC 9110, section 7.2, and RFC 3986, section 3.2. */
const HOST = /^(?:[\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/**
 * The URL that the target and the `Host` of a request form (RFC 9112, section 3.2); undefined when they form none. The
 * handlers join both, which throws for some values, and for others leads to a URL that the client did not send.
 *
 * A target in absolute form is split: its host replaces the `Host` header.
 */
export function readTarget(req: IncomingMessage): URL | undefined {
  const { url: target = '', httpVersion, headers } = req;
  const { host } = headers;
  // HTTP/1.0 has no Host, and an empty one is valid for clients that do not know the name.
  if (host === undefined && httpVersion === '1.1') return undefined;
  if (host !== undefined && host !== '' && !HOST.test(host)) return undefined;
  if (target.startsWith('/')) return URL.parse(`http://${host || 'gateway'}${target}`) ?? undefined;
  const url = URL.parse(target);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  req.url = `${url.pathname}${url.search}`;
  headers.host = url.host;
  return url;
}
