import { IncomingMessage, ServerResponse } from 'node:http';

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

/**
 * Where a request comes from. `X-Forwarded-For` is believed for as many entries, from its end, as there are proxies of
 * our own: what stands before them is whatever the client wrote.
 */
export function clientAddress(req: IncomingMessage, proxyHops: number): string {
  const forwarded = [req.headers['x-forwarded-for'] ?? []].flat().join(',');
  const chain = forwarded
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  chain.push(req.socket.remoteAddress ?? '');
  return chain[Math.max(0, chain.length - 1 - proxyHops)] ?? '';
}

/** Who has one IPv6 address has at least the 2^64 of its network; they count as one. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  const zeros = tail === undefined ? 0 : 8 - groups.length - after;
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...(tail ?? '').split(':')];
  return `${all.slice(0, 4).join(':')}::/64`;
}
