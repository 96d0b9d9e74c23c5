import { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import parseForwarded from 'forwarded-parse';
import ipaddr from 'ipaddr.js';

/** Node's own request behind one of Yoga's, which puts it there under node:http although its types do not know. */
export function nodeRequest(serverContext: unknown): IncomingMessage | undefined {
  const { req } = serverContext as { req?: unknown };
  return req instanceof IncomingMessage ? req : undefined;
}

/** Node's own answer to it. */
export function nodeResponse(serverContext: unknown): ServerResponse | undefined {
  const { res } = serverContext as { res?: unknown };
  return res instanceof ServerResponse ? res : undefined;
}

/** The headers in which proxies name their client: the common one, and that of RFC 7239. */
export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const;

/** Proxies of our own in front of the gateway. */
export interface TrustedProxies {
  /** How many there are. */
  readonly hops: number;
  /** The header to which each adds its client. The other header is ignored: a client can send it. */
  readonly header: (typeof PROXY_HEADERS)[number];
}

/** The gateway is reached directly. */
export const NO_PROXIES: TrustedProxies = { hops: 0, header: 'x-forwarded-for' };

type Connection = Pick<IncomingMessage, 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/**
 * The network that a request comes from; a client counts as one whatever its port and the notation of its address. The
 * header is believed for as many entries, from its end, as there are proxies of ours: a client can write the others.
 *
 * A proxy may write `unknown` or an obfuscated name in place of an address (RFC 7239, section 6), and a new name for each
 * request. Then the next address towards the gateway counts: the clients that a proxy does not name share one limit.
 */
export function clientNetwork(req: Connection, { hops, header }: TrustedProxies): string {
  const text = [req.headers[header] ?? []].flat().join(',');
  const named = header === 'forwarded' ? nodesOfForwarded(text) : nodesOfXForwardedFor(text);
  const chain = [...named, req.socket.remoteAddress ?? ''];
  for (const node of chain.slice(Math.max(0, chain.length - 1 - hops))) {
    const network = networkOf(node);
    if (network !== undefined) return network;
  }
  return '';
}

function nodesOfXForwardedFor(text: string): string[] {
  return text
    .split(',')
    .map((node) => node.trim())
    .filter((node) => node !== '');
}

/** None when the header is malformed: a client may have opened a quotation in which the entry of the proxy stands. */
function nodesOfForwarded(text: string): string[] {
  try {
    return text === '' ? [] : parseForwarded(text).map((element) => element['for'] ?? '');
  } catch {
    return [];
  }
}

/** A node of RFC 7239, section 6: an address, in brackets or not, and perhaps a port, which may be obfuscated. */
const BRACKETED = /^\[([^\]]+)\](?::\w[\w.-]*)?$/;
const WITH_PORT = /^(.+):(?:\d{1,5}|_[\w.-]+)$/;

/** Undefined for what is no address. */
function networkOf(node: string): string | undefined {
  const text = node.replace(/^"(.*)"$/, '$1');
  const candidates = [BRACKETED.exec(text)?.[1], text, WITH_PORT.exec(text)?.[1]];
  const address = candidates.map((candidate) => candidate?.replace(/%.*$/, '')).find(isAddress);
  if (address === undefined) return undefined;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  // Who has one IPv6 address has at least the 2^64 of its network.
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/** Strict, where `ipaddr.js` also reads `1` and `0300.1` as IPv4 addresses. */
const isAddress = (text: string | undefined): text is string => text !== undefined && isIP(text) !== 0;
