import { addAbortListener, once } from 'node:events';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect as connectTcp, BlockList, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Agent, buildConnector, fetch } from 'undici';
import type { RequestInit, Response } from 'undici';

/**
 * A proxy opened no connection, so nothing has reached the origin. The code has the status of the proxy (`PROXY_407`) or the
 * system error code (`PROXY_ECONNREFUSED`). It contains neither the address nor the answer of the proxy.
 */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: string;

  constructor(reason: string) {
    super(`the proxy made no connection (${reason})`);
    this.code = `PROXY_${reason}`;
  }
}

/**
 * Opens a connection to the host of `target` through a proxy (CONNECT), which resolves the name. TLS runs inside the tunnel,
 * so the proxy sees neither keys nor files.
 * @throws {ProxyError}
 */
async function openTunnel(proxy: URL, target: URL, signal: AbortSignal): Promise<Socket> {
  const authority = `${target.hostname}:${portOf(target)}`;
  const request = (proxy.protocol === 'https:' ? requestHttps : requestHttp)({
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: portOf(proxy),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...credentialsOf(proxy) },
    agent: false,
  });
  // A `signal` option of the request would also end the tunnel.
  using _ = addAbortListener(signal, () => request.destroy());
  const answered = Promise.withResolvers<Socket>();
  request.once('connect', ({ statusCode = 0 }, socket: Duplex, head) => {
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy();
      return answered.reject(new ProxyError(String(statusCode)));
    }
    if (head.length > 0) socket.unshift(head);
    // The socket of a request over a network is a `Socket`.
    answered.resolve(socket as Socket);
  });
  request.once('error', (cause) => {
    const reason = signal.aborted ? 'TIMEOUT' : 'code' in cause ? String(cause.code) : 'FAILED';
    answered.reject(new ProxyError(reason));
  });
  request.end();
  return await answered.promise;
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

function credentialsOf({ username, password }: URL): { 'proxy-authorization'?: string } {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

export interface ConnectOptions {
  readonly proxyFor: ProxyFor;
  /** For the connection and for the TLS handshake, in milliseconds. */
  readonly timeoutMs?: number;
  /** Resolves names for direct connections. */
  readonly lookup?: LookupFunction;
}

/** The connector of the dispatchers: direct, or through the proxy for the target. */
export function connectThrough({
  proxyFor,
  timeoutMs = 10_000,
  lookup,
}: ConnectOptions): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false, ...(lookup && { lookup }) });
  return (options, callback) => {
    const { protocol, hostname, port } = options;
    const target = new URL(`${protocol}//${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`);
    const proxy = proxyFor(target);
    if (proxy === undefined) return connect(options, callback);
    openTunnel(proxy, target, AbortSignal.timeout(timeoutMs)).then(
      (socket) => {
        if (protocol === 'https:') connect({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: ProxyError) => callback(error, null),
    );
  };
}

export interface ProxiedFetch {
  readonly fetch: (address: string, init: RequestInit) => Promise<Response>;
  /** Frees the connections. */
  close(): Promise<void>;
}

/** `fetch` through the proxy for a URL. The global `fetch` refuses a dispatcher of another undici version. */
export function fetchThrough(proxyFor: ProxyFor): ProxiedFetch {
  const dispatcher = new Agent({ connect: connectThrough({ proxyFor, timeoutMs: 5_000 }), allowH2: false });
  return {
    fetch: (address, init) => fetch(address, { ...init, dispatcher }),
    close: () => dispatcher.destroy(),
  };
}

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

/** The HTTP proxy for a URL; undefined for a direct connection. */
export type ProxyFor = (target: URL) => URL | undefined;

export const NO_PROXY: ProxyFor = () => undefined;

export interface ProxySettings {
  /** For https URLs. It may contain a user name and a password. */
  readonly https?: URL | undefined;
  /** For http URLs. */
  readonly http?: URL | undefined;
  /** Hosts that are reached without a proxy, in the format of the variable `NO_PROXY`. */
  readonly except?: string | undefined;
}

type Rule = (host: string, port: number) => boolean;

const LOOPBACK: readonly Rule[] = ['localhost', '127.0.0.0/8', '::1'].map(ruleOf);

/** Connections to this machine, and so to a sandbox, never use a proxy. */
export function createProxyFor({ https, http, except = '' }: ProxySettings): ProxyFor {
  if (https === undefined && http === undefined) return NO_PROXY;
  const direct = [
    ...LOOPBACK,
    ...except
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(ruleOf),
  ];
  return (target) => {
    const { protocol, hostname, port } = target;
    const isHttps = protocol === 'https:';
    const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
    const isDirect = direct.some((rule) => rule(host, Number(port) || (isHttps ? 443 : 80)));
    return isDirect ? undefined : isHttps ? https : http;
  };
}

/** One entry: `*`, a name with its subdomains, `*.name` (subdomains only), an IP address or a network; each may have a `:port`. */
function ruleOf(entry: string): Rule {
  const [, inBrackets, named] = /^(?:\[(.+)\]|([^:]+))(?::\d+)?$/.exec(entry) ?? [];
  const what = (inBrackets ?? named ?? entry).toLowerCase().replace(/\.$/, '');
  const onlyPort = what === entry ? undefined : /:(\d+)$/.exec(entry)?.[1];
  const matches = networkRule(what) ?? nameRule(what);
  return (host, port) => (onlyPort === undefined || Number(onlyPort) === port) && matches(host);
}

function nameRule(name: string): (host: string) => boolean {
  if (name === '*') return () => true;
  const domain = name.replace(/^\*?\./, '');
  return (host) => host.endsWith(`.${domain}`) || (!name.startsWith('*') && host === domain);
}

/** @returns undefined for text that is neither an IP address nor a network. */
function networkRule(text: string): ((host: string) => boolean) | undefined {
  const [address = '', prefix] = text.split('/');
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : Number(prefix);
  if (version === 0 || !(bits >= 0 && bits <= longest)) return undefined;
  const network = new BlockList();
  network.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return (host) => isIP(host) !== 0 && network.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
