import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { openTunnel } from './connect-through.ts';
import type { ProxyFor } from './proxy-for.ts';

/**
 * Opens a connection to the host of `url`, with TLS for https, and closes it again. It sends nothing, so it needs no key and
 * does not count against the rate limit of the service.
 * @throws when the connection fails: refused, unknown name, untrusted certificate, `signal` aborted.
 */
export async function canConnect(url: URL, signal: AbortSignal, proxyFor: ProxyFor): Promise<void> {
  const { protocol, hostname, port } = url;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isTls = protocol === 'https:';
  const at = { host, port: Number(port) || (isTls ? 443 : 80) };
  const proxy = proxyFor(url);
  const tunnel = proxy && (await openTunnel(proxy, url, signal));
  if (tunnel !== undefined && !isTls) return void tunnel.destroy();
  // SNI permits names only, not addresses.
  const socket = isTls
    ? connectTls({ ...at, socket: tunnel, ...(!/^[\d.]+$|:/.test(host) && { servername: host }) })
    : connectTcp(at);
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
  } finally {
    socket.destroy();
  }
}
