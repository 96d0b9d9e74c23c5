import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { config } from '../support/gateway-options.ts';
import { FixedWindows, excessRefusal, MINUTE_MS, RateLimit } from '../../src/http/rate-limit.ts';
import { startGateway } from '../support/start-gateway.ts';

const ask = (url: string, headers: Record<string, string> = {}, body = '{"query":"{ __typename }"}') =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

test('a caller beyond its rate limit gets a Retry-After for every kind of request', async () => {
  const { url } = await startGateway({ protections: { requestsPerMinute: 3 } });
  for (let n = 0; n < 3; n += 1) expect((await ask(url)).status).toBe(200);
  for (const body of ['{"query":"{ __typename }"}', 'no JSON', '']) {
    const response = await ask(url, {}, body);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringContaining('3 requests'), extensions: { code: 'TOO_MANY_REQUESTS' } }],
    });
  }
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect(page.status).toBe(429);
});

test('a caller cannot evade the rate limit with invented addresses', async () => {
  const { url } = await startGateway({ protections: { requestsPerMinute: 2 } });
  const statuses: number[] = [];
  for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
    statuses.push((await ask(url, { 'x-forwarded-for': address })).status);
  expect(statuses).toEqual([200, 200, 429]);
});

test.each([
  ['x-forwarded-for', ['203.0.113.1', '9.9.9.9, 203.0.113.1', '8.8.8.8,203.0.113.1', '203.0.113.2']],
  // As Azure's application gateway writes it: with the port of each connection.
  ['x-forwarded-for', ['203.0.113.1:50001', '203.0.113.1:50002', '203.0.113.1:50003', '203.0.113.2:50004']],
  [
    'forwarded',
    [
      'for=203.0.113.1',
      'for=9.9.9.9, For="203.0.113.1:5000";proto=https',
      'for=203.0.113.1',
      'for=203.0.113.2',
    ],
  ],
] as const)(
  'behind a trusted proxy that writes %s each client has its own rate limit, and cannot invent another address: %j',
  async (header, values) => {
    const proxies = { hops: 1, header };
    const { url } = await startGateway({ protections: { requestsPerMinute: 2, proxies } });
    const seen: number[] = [];
    // The proxy adds the last entry.
    for (const value of values) seen.push((await ask(url, { [header]: value })).status);
    expect(seen).toEqual([200, 200, 429, 200]);
  },
);

test('the forwarding header that is not configured is ignored', async () => {
  const proxies = { hops: 1, header: 'forwarded' } as const;
  const { url } = await startGateway({ protections: { requestsPerMinute: 2, proxies } });
  const seen: number[] = [];
  for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3'])
    seen.push((await ask(url, { 'x-forwarded-for': address })).status);
  expect(seen).toEqual([200, 200, 429]);
});

test('authenticated callers at one address have separate rate limits', async () => {
  const url = await startWithCallers(2);
  const as = async (subject: string, tenant: string) => {
    const response = await ask(url, { subject, tenant });
    const text = await response.text();
    if (response.status === 429) {
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(text).toContain('TOO_MANY_REQUESTS');
    }
    return response.status;
  };
  const seen: number[] = [];
  for (const [subject, tenant] of [
    ['anna', 'comune'],
    ['anna', 'comune'],
    ['anna', 'comune'],
    ['anna', 'regione'],
    ['bruno', 'comune'],
    ['bruno', 'comune'],
    ['bruno', 'comune'],
  ] as const)
    seen.push(await as(subject, tenant));
  expect(seen).toEqual([200, 200, 429, 200, 200, 200, 429]);
});

/** A server that takes the identity of callers from a header. */
async function startWithCallers(requestsPerMinute: number): Promise<string> {
  const counts = new FixedWindows(requestsPerMinute, MINUTE_MS);
  const rateLimit = new RateLimit({ requestsPerMinute, proxies: config.protections.proxies, counts });
  const excessOf = async (req: IncomingMessage) => {
    const subject = String(req.headers['subject']);
    const tenant = String(req.headers['tenant']);
    const caller = { kind: 'jwt', role: 'operator', expiresAt: undefined, subject, tenant } as const;
    return (await rateLimit.takeForAddress(req)) ?? (await rateLimit.takeForCaller(req, caller));
  };
  const server = createServer((req, res) => {
    void excessOf(req).then((excess) => {
      if (excess === undefined) return res.end();
      const { status, code, headers } = excessRefusal(excess);
      return res.writeHead(status, { ...headers }).end(code);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server's address is an `AddressInfo`.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

test('without a limit no requests are counted', async () => {
  const { url } = await startGateway({ protections: { requestsPerMinute: 0 } });
  for (let n = 0; n < 20; n += 1) expect((await ask(url)).status).toBe(200);
});
