import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { expect, onTestFinished, test } from 'vitest';
import { clientAddress, networkOf } from '../../src/plugins/client-address.ts';
import { createRateLimit } from '../../src/plugins/rate-limit.ts';
import { useRateLimit } from '../../src/plugins/use-rate-limit.ts';
import { startGateway } from '../support/start-gateway.ts';

const ask = (url: string, headers: Record<string, string> = {}, body = '{"query":"{ __typename }"}') =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

test('beyond its share a caller is told when to come back, whatever it sends', async () => {
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

test('a caller cannot get a share for each address that it makes up', async () => {
  const { url } = await startGateway({ protections: { requestsPerMinute: 2 } });
  const statuses: number[] = [];
  for (const address of ['198.51.100.1', '198.51.100.2', '198.51.100.3'])
    statuses.push((await ask(url, { 'x-forwarded-for': address })).status);
  expect(statuses).toEqual([200, 200, 429]);
});

test('behind a proxy of ours each client has its own share, and cannot make up another', async () => {
  const { url } = await startGateway({ protections: { requestsPerMinute: 2, proxyHops: 1 } });
  const statusOf = async (forwarded: string) => (await ask(url, { 'x-forwarded-for': forwarded })).status;
  const seen: number[] = [];
  // The proxy adds the last one.
  for (const forwarded of ['203.0.113.1', '9.9.9.9, 203.0.113.1', '8.8.8.8,203.0.113.1', '203.0.113.2'])
    seen.push(await statusOf(forwarded));
  expect(seen).toEqual([200, 200, 429, 200]);
});

test('callers who have shown who they are have a share each, though they come from one address', async () => {
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

/** A server whose callers are who their headers say. */
async function startWithCallers(requestsPerMinute: number): Promise<string> {
  const yoga = createYoga({
    schema: createSchema({ typeDefs: 'type Query { hello: String }' }),
    plugins: [useRateLimit(createRateLimit({ requestsPerMinute, proxyHops: 0 }))],
    context: ({ request: { headers } }) => ({
      caller: { kind: 'jwt', subject: headers.get('subject'), tenant: headers.get('tenant') },
    }),
    logging: false,
  });
  const server = createServer(yoga).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server's address is an `AddressInfo`.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

test('without a limit nobody is counted', async () => {
  const { url } = await startGateway({ protections: { requestsPerMinute: 0 } });
  for (let n = 0; n < 20; n += 1) expect((await ask(url)).status).toBe(200);
});

test.each([
  [[], 0, '192.0.2.9'],
  ['203.0.113.1', 0, '192.0.2.9'],
  ['203.0.113.1', 1, '203.0.113.1'],
  ['1.1.1.1, 203.0.113.1, 10.0.0.2', 2, '203.0.113.1'],
  ['203.0.113.1', 5, '203.0.113.1'],
  ['', 1, '192.0.2.9'],
] as const)('X-Forwarded-For %j and %i proxies of ours make the client %s', (forwarded, hops, address) => {
  // All that is looked at.
  const request = { headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: '192.0.2.9' } };
  expect(clientAddress(request as unknown as Parameters<typeof clientAddress>[0], hops)).toBe(address);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
