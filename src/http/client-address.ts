import { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import parseForwarded from 'forwarded-parse';
import ipaddr from 'ipaddr.js';

/** Node's request in Yoga's server context, where the listener puts it; Yoga's types do not know it. */
export function nodeRequest(serverContext: unknown): IncomingMessage | undefined {
  const { req } = serverContext as { req?: unknown };
  return req instanceof IncomingMessage ? req : undefined;
}

/** Node's response in Yoga's server context. */
export function nodeResponse(serverContext: unknown): ServerResponse | undefined {
  const { res } = serverContext as { res?: unknown };
  return res instanceof ServerResponse ? res : undefined;
}

/** The headers in which proxies name their client: the common one, and the one of RFC 7239. */
export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const;

/** The trusted proxies in front of the gateway. */
export interface TrustedProxies {
  /** The number of proxies. 0: clients reach the gateway directly. */
  readonly hops: number;
  /** The header to which each proxy adds its client. The other header is ignored, because clients can send it. */
  readonly header: (typeof PROXY_HEADERS)[number];
}

type Connection = Pick<IncomingMessage, 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/**
 * The network of the client, without its port and in one notation. The header is trusted for as many entries, from its
 * end, as there are trusted proxies: a client can write the others.
 *
 * A proxy may write `unknown` or an obfuscated name in place of an address (RFC 7239, section 6), and a new name for each
 * request. Then the next address towards the gateway counts: the clients that a proxy does not name share one limit.
 */
export function clientNetwork(req: Connection, { hops, header }: TrustedProxies): string {
  if (hops === 0) return networkOfSocket(req.socket);
  const text = [req.headers[header] ?? []].flat().join(',');
  const named = header === 'forwarded' ? nodesOfForwarded(text) : nodesOfXForwardedFor(text);
  const chain = [...named, req.socket.remoteAddress ?? ''];
  for (const node of chain.slice(Math.max(0, chain.length - 1 - hops))) {
    const network = networkOf(node);
    if (network !== undefined) return network;
  }
  return '';
}

/** Without proxies each request of a connection has the same network. */
const networks = new WeakMap<Connection['socket'], string>();

function networkOfSocket(socket: Connection['socket']): string {
  const known = networks.get(socket);
  // Node forgets the address of a closed connection.
  if (known !== undefined) return known;
  const network = networkOf(socket.remoteAddress ?? '') ?? '';
  if (network !== '') networks.set(socket, network);
  return network;
}

function nodesOfXForwardedFor(text: string): string[] {
  return text
    .split(',')
    .map((node) => node.trim())
    .filter((node) => node !== '');
}

/** Empty for a malformed header: a client may have opened a quotation that includes the entry of the proxy. */
function nodesOfForwarded(text: string): string[] {
  try {
    return text === '' ? [] : parseForwarded(text).map((element) => element['for'] ?? '');
  } catch {
    return [];
  }
}

/** A node of RFC 7239, section 6: an address, optionally in brackets, and an optional port, which may be obfuscated. */
const BRACKETED = /^\[([^\]]+)\](?::\w[\w.-]*)?$/;
const WITH_PORT = /^(.+):(?:\d{1,5}|_[\w.-]+)$/;

/** Undefined for a node that is not an address. */
function networkOf(node: string): string | undefined {
  const text = node.replace(/^"(.*)"$/, '$1');
  const candidates = [BRACKETED.exec(text)?.[1], text, WITH_PORT.exec(text)?.[1]];
  const address = candidates.map((candidate) => candidate?.replace(/%.*$/, '')).find(isAddress);
  if (address === undefined) return undefined;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  // A client with one IPv6 address controls at least the 2^64 addresses of its network.
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/** Stricter than `ipaddr.js`, which also reads `1` and `0300.1` as IPv4 addresses. */
const isAddress = (text: string | undefined): text is string => text !== undefined && isIP(text) !== 0;
