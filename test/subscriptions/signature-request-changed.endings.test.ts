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

/** A gateway with a request that waits for its signature, and a way to subscribe to it. */
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

test('a gateway that ends says when to come back, and not that this was all', async () => {
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

test('a stream ends with its token: an error, then nothing more', async () => {
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

test('that tokens cannot be checked for a while ends no stream', async () => {
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

test('a stream ends with its token also while tokens cannot be checked', async () => {
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
  ['that is taken out of the file', {}],
  ['that becomes somebody else’s', { key: { ...OWNER, name: 'another office' } }],
  ['that may do less than before', { key: { ...OWNER, role: 'reader' } }],
])('a stream ends with its key: one %s', async (_, keys) => {
  const file = temporaryFile('keys.json', keysText({ key: OWNER, other: { ...OWNER, name: 'other' } }));
  const { subscribe } = await startWorld({
    auth: { mode: 'api-key', file, pollMs: 20 },
    streams: { recheckMs: 50 },
  });
  const [ended, goesOn] = [
    await subscribe({ 'x-api-key': 'key' }),
    await subscribe({ 'x-api-key': 'other' }),
  ];
  writeFileSync(file, keysText({ ...keys, other: { ...OWNER, name: 'other' } }));
  expect(await ended.rest()).toEqual([UNAUTHENTICATED, COMPLETE]);
  const more = goesOn.nextEvent();
  const nothing = new Promise((resolve) => setTimeout(() => resolve('nothing'), 300));
  expect(await Promise.race([more, nothing])).toBe('nothing');
  goesOn.leave();
  await expect(more).rejects.toThrow(/abort/);
});

test('a stream without events shows signs of life', async () => {
  const { subscribe } = await startWorld({ streams: { heartbeatMs: 50 } });
  const { next, leave } = await subscribe();
  for (let n = 0; n < 3; n += 1) expect(await next()).toEqual({ isComment: true });
  leave();
});

test('a stream lives longer than any request may take', async () => {
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

/** A request of which every read is another megabyte. */
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

test('a client who reads nothing is let go, and does not hold up those who do', async () => {
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

test('a client whose events take longer than they come is told that some are lost', async () => {
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
  // One is being answered, 16 are kept, and one is too many.
  await expect.poll(() => world.count('getSignatureRequest')).toBe(18);
  release.resolve();
  expect((await nextEvent())?.data).toEqual({ data: { signatureRequestChanged: { dossier: null } } });
  expect((await rest()).map(({ event, data }) => [event, data?.['errors']?.[0]?.['extensions']])).toEqual([
    ['next', { code: 'STREAM_TOO_SLOW' }],
    ['complete', undefined],
  ]);
});
