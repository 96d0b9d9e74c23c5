import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { withToken } from '../support/caller.ts';
import { openStream, statusIn, SUBSCRIPTION } from '../support/event-stream.ts';
import { sendJson } from '../support/http-stub.ts';
import { openSocket } from '../support/raw-http.ts';
import { logSink, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import { inSeconds, jwtOptions, makeKey, startTokenIssuer } from '../support/token-issuer.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';

const COMPLETE = { isComment: false, event: 'complete' };
const UNAUTHENTICATED = {
  isComment: false,
  event: 'next',
  data: {
    errors: [
      {
        message: 'The token or API key is invalid or has expired.',
        extensions: { code: 'UNAUTHENTICATED' },
      },
    ],
  },
};

/** A gateway with a request in WAIT_FOR_SIGNATURE, and a function that subscribes to it. */
async function startWorld(options: GatewayOverrides = {}) {
  const world = await startGateway(options);
  const { requests } = await world.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  const subscribe = async (headers: Readonly<Record<string, string>> = {}) => {
    const stream = await openStream(world.url, { query: SUBSCRIPTION, variables: { id }, headers });
    expect(statusIn(await stream.nextData())).toBe('WAIT_FOR_SIGNATURE');
    return stream;
  };
  return { ...world, id, subscribe };
}

test('a gateway that shuts down ends streams with a retry time and without a complete event', async () => {
  const { subscribe, close } = await startWorld();
  const streams = await Promise.all([subscribe(), subscribe()]);
  const since = performance.now();
  const closed = close();
  for (const { rest } of streams) {
    const [hint, ...more] = await rest();
    expect(hint).toEqual({ isComment: false, retry: expect.any(Number) });
    expect(hint?.retry).toBeGreaterThanOrEqual(500);
    expect(hint?.retry).toBeLessThanOrEqual(3_000);
    expect(more).toEqual([]);
  }
  await closed;
  expect(performance.now() - since).toBeLessThan(2_000);
});

test('a stream ends with an error when its token expires', async () => {
  const issuer = await startTokenIssuer(await makeKey('first'));
  const logs = logSink();
  const { subscribe } = await startWorld({
    auth: jwtOptions(issuer.url, { rules: { clockSkewSeconds: 0 } }),
    logger: logs.logger,
  });
  const expiry = inSeconds(2);
  const token = await issuer.sign({ exp: expiry });
  const { rest } = await subscribe(withToken(token));
  expect(await rest()).toEqual([UNAUTHENTICATED, COMPLETE]);
  expect(Date.now()).toBeGreaterThanOrEqual(expiry * 1_000);
  expect(Date.now()).toBeLessThan(expiry * 1_000 + 1_500);
  expect(logs.lines()).toContainEqual(
    expect.objectContaining({
      msg: 'a caller was refused',
      reason: 'the token of an open stream has expired',
    }),
  );
});

test('an outage of the token issuer does not end streams', async () => {
  const issuer = await startTokenIssuer(await makeKey('first'));
  const { subscribe, sandbox, id, url } = await startWorld({
    auth: jwtOptions(issuer.url, { keySet: { maxStaleMs: 300, freshMs: 100 } }),
    streams: { recheckMs: 100, heartbeatMs: 100 },
  });
  const token = withToken(await issuer.sign({}));
  const { next, rest } = await subscribe(token);
  issuer.misbehave((_, res) => sendJson(res, 503, {}));
  const status = async () => (await fetch(`${url}?query={__typename}`, { headers: token })).status;
  await expect.poll(status).toBe(503);
  for (let n = 0; n < 5; n += 1) expect(await next()).toEqual({ isComment: true });
  sandbox.citizen.sign(id);
  expect(statusIn((await rest())[0]?.data)).toBe('SIGNED');
});

test('a stream ends when its token expires, also during an outage of the token issuer', async () => {
  const issuer = await startTokenIssuer(await makeKey('first'));
  const { subscribe, url } = await startWorld({
    auth: jwtOptions(issuer.url, {
      rules: { clockSkewSeconds: 0 },
      keySet: { maxStaleMs: 300, freshMs: 100 },
    }),
    streams: { recheckMs: 100 },
  });
  const token = withToken(await issuer.sign({ exp: inSeconds(3) }));
  const { rest } = await subscribe(token);
  issuer.misbehave((_, res) => sendJson(res, 503, {}));
  const status = async () => (await fetch(`${url}?query={__typename}`, { headers: token })).status;
  await expect.poll(status).toBe(503);
  expect(await rest()).toEqual([UNAUTHENTICATED, COMPLETE]);
});

const OWNER = { name: 'back office', role: 'operator' };

test.each([
  ['is removed from the file', {}],
  ['becomes that of another owner', { key: { ...OWNER, name: 'another office' } }],
  ['loses permissions', { key: { ...OWNER, role: 'reader' } }],
])('a stream ends when its API key %s', async (_, keys) => {
  const file = temporaryFile('keys.json', keysText({ key: OWNER, other: { ...OWNER, name: 'other' } }));
  const { subscribe } = await startWorld({
    auth: { mode: 'api-key', file, pollMs: 20 },
    streams: { recheckMs: 50 },
  });
  const [ended, remaining] = [
    await subscribe({ 'x-api-key': 'key' }),
    await subscribe({ 'x-api-key': 'other' }),
  ];
  writeFileSync(file, keysText({ ...keys, other: { ...OWNER, name: 'other' } }));
  expect(await ended.rest()).toEqual([UNAUTHENTICATED, COMPLETE]);
  const more = remaining.nextEvent();
  const nothing = new Promise((resolve) => setTimeout(() => resolve('nothing'), 300));
  expect(await Promise.race([more, nothing])).toBe('nothing');
  remaining.leave();
  await expect(more).rejects.toThrow(/abort/);
});

test('a stream without events has keep-alive comments', async () => {
  const { subscribe } = await startWorld({ streams: { heartbeatMs: 50 } });
  const { next, leave } = await subscribe();
  for (let n = 0; n < 3; n += 1) expect(await next()).toEqual({ isComment: true });
  leave();
});

test('a stream is not limited by the timeouts of requests', async () => {
  const times = { headers: 200, body: 200, request: 300, idle: 200, checkEvery: 50 };
  const { subscribe, sandbox, id } = await startWorld({
    clientTimes: times,
    operationTimeoutMs: 500,
    streams: { heartbeatMs: 100 },
  });
  const { next, rest } = await subscribe();
  const since = performance.now();
  while (performance.now() - since < 1_500) expect(await next()).toEqual({ isComment: true });
  sandbox.citizen.sign(id);
  expect(statusIn((await rest())[0]?.data)).toBe('SIGNED');
});

/** A request of one megabyte, which differs in each read. */
const bigRequest = (nth: number) => ({
  id: 'r1',
  dossier_id: 'd1',
  signer_id: 's1',
  status: 'DRAFT',
  created_at: '2026-03-05T09:14:07.412Z',
  updated_at: '2026-03-05T09:14:07.412Z',
  expires_at: '2126-03-05T09:14:07.412Z',
  documents: [
    {
      id: 'document',
      status: 'REJECTED',
      reject_reason: `${nth} ${'x'.repeat(1_000_000)}`,
      metadata: { title: 'Contratto', signature_fields: [] },
      created_at: '2026-03-05T09:14:07.412Z',
      updated_at: '2026-03-05T09:14:07.412Z',
    },
  ],
});

test('a client that does not read is disconnected, and does not delay others', async () => {
  const world = await startFailingGateway({
    streams: { stallMs: 300 },
    watching: { pollsPerSecond: 100, pace: { freshMs: 20, quietMs: 20, idleMs: 20 } },
  });
  world.fail('getSignatureRequest', (_, res, __, nth) => sendJson(res, 200, bigRequest(nth)));
  const query = 'subscription { signatureRequestChanged(id: "r1") { documents { rejectReasons } } }';
  const body = JSON.stringify({ query });
  const { socket, closed } = await openSocket(world.url);
  socket.pause();
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const { nextData, leave } = await openStream(world.url, { query });
  let seen = 0;
  const reading = (async () => {
    while ((await nextData()) !== undefined) seen += 1;
  })();
  await expect.poll(() => seen).toBeGreaterThan(20);
  socket.resume();
  await closed();
  const now = seen;
  await expect.poll(() => seen).toBeGreaterThan(now);
  leave();
  await expect(reading).rejects.toThrow(/abort/);
});

test('a stream whose events are produced faster than they are resolved ends with STREAM_TOO_SLOW', async () => {
  const world = await startFailingGateway({
    watching: { pollsPerSecond: 100, pace: { freshMs: 20, quietMs: 20, idleMs: 20 } },
  });
  const release = Promise.withResolvers<void>();
  world.fail('getSignatureRequest', (_, res, __, nth) =>
    sendJson(res, 200, { ...bigRequest(nth), documents: [], reject_reason: String(nth) }),
  );
  world.fail('getDossier', async (_, res) => {
    await release.promise;
    sendJson(res, 404, { detail: 'no such dossier' });
  });
  const query = 'subscription { signatureRequestChanged(id: "r1") { dossier { id } } }';
  const { nextEvent, rest } = await openStream(world.url, { query });
  // One event is being resolved, 16 are buffered, and one exceeds the buffer.
  await expect.poll(() => world.count('getSignatureRequest')).toBe(18);
  release.resolve();
  expect((await nextEvent())?.data).toEqual({ data: { signatureRequestChanged: { dossier: null } } });
  expect((await rest()).map(({ event, data }) => [event, data?.['errors']?.[0]?.['extensions']])).toEqual([
    ['next', { code: 'STREAM_TOO_SLOW' }],
    ['complete', undefined],
  ]);
});
