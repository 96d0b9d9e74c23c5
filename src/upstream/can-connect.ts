import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

/**
 * Opens a connection to the host of `url`, with TLS if it is https, and closes it again. Nothing is sent over it, so it
 * counts for no limit of the service and needs no key.
 * @throws when there is no connection: refused, no such name, a certificate that is not trusted, `signal`.
 */
export async function canConnect({ protocol, hostname, port }: URL, signal: AbortSignal): Promise<void> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isTls = protocol === 'https:';
  const at = { host, port: Number(port) || (isTls ? 443 : 80) };
  // An address is no name that a server could be asked for.
  const socket = isTls
    ? connectTls({ ...at, ...(!/^[\d.]+$|:/.test(host) && { servername: host }) })
    : connectTcp(at);
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
  } finally {
    socket.destroy();
  }
}
