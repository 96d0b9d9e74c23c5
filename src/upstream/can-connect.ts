import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { openTunnel } from './connect-through.ts';
import { NO_PROXY } from './proxy-for.ts';

/**
 * Opens a connection to the host of `url`, with TLS if it is https, and closes it again. Nothing is sent over it, so it
 * counts for no limit of the service and needs no key.
 * @throws when there is no connection: refused, no such name, a certificate that is not trusted, `signal`.
 */
export async function canConnect(url: URL, signal: AbortSignal, proxyFor = NO_PROXY): Promise<void> {
  const { protocol, hostname, port } = url;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isTls = protocol === 'https:';
  const at = { host, port: Number(port) || (isTls ? 443 : 80) };
  // An address is no name that a server could be asked for.
  const proxy = proxyFor(url);
  const tunnel = proxy && (await openTunnel(proxy, url, signal));
  if (tunnel !== undefined && !isTls) return void tunnel.destroy();
  const socket = isTls
    ? connectTls({ ...at, socket: tunnel, ...(!/^[\d.]+$|:/.test(host) && { servername: host }) })
    : connectTcp(at);
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
  } finally {
    socket.destroy();
  }
}
