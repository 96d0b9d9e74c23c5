import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startGateway } from '../../src/gateway/start-gateway.ts';
import { gatewayOptions } from '../support/gateway-options.ts';
import { draftOf, uploadsBody } from '../support/draft.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { pdfBytes, PoliteClient } from '../support/multipart.ts';
import { mutationOf } from '../support/operations.ts';
import { refuses, startFailingGateway } from '../support/service-proxy.ts';

const [unhandled, warned] = [vi.fn(), vi.fn()];
beforeAll(() => {
  process.on('unhandledRejection', unhandled).on('warning', warned);
});
afterAll(() => {
  process.off('unhandledRejection', unhandled).off('warning', warned);
  expect(unhandled).not.toHaveBeenCalled();
  expect(warned).not.toHaveBeenCalled(); // for example of too many listeners
});

const AT = '2026-03-05T09:14:07.412Z';
const REQUEST = { id: 'r1', dossier_id: 'd1', signer_id: 's1', status: 'READY', documents: [] };
const TIMES = { created_at: AT, updated_at: AT, expires_at: AT };
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const TOLERATED_TIMERS = 5; // the handles of vitest, undici and keep-alive connections

test('reads are cached within a request and not between requests', async () => {
  const world = await startFailingGateway();
  const both = '{ a: dossier(id: "d1") { title } b: dossier(id: "d1") { title } }';
  for (const title of ['one', 'two']) {
    world.fail('getDossier', (_, res) =>
      sendJson(res, 200, { id: 'd1', title, documents_metadata: [], ...TIMES }),
    );
    expect(await world.run(both)).toEqual({ data: { a: { title }, b: { title } } });
  }
  expect(world.count('getDossier')).toBe(2);
});

test('failed operations leave no timers and no connections', async () => {
  const world = await startFailingGateway({ upstreamConnections: 5, upstreamTimeoutMs: 60_000 });
  world.fail('getDossier', (call, res, req, nth) => {
    if (nth % 3 === 0) return void req.socket.resetAndDestroy();
    return refuses(nth % 3 === 1 ? 401 : 404)(call, res, req, nth);
  });
  world.fail('getSignatureRequest', (_, res) => sendJson(res, 200, { is: 'wrong' }));
  const before = timers();
  const operation = `mutation { ${mutationOf('notifySigner')
    .replace(/^.*?\{ /s, '')
    .replace('$input', '{ signatureRequestId: "r1" }')}`;
  for (let nth = 0; nth < 30; nth += 1)
    await Promise.all([
      world.run('{ dossier(id: "d1") { id } }'),
      world.run(operation),
      world.run('{ nope }'),
    ]);
  expect(world.calls.length).toBeGreaterThan(60);
  expect(world.stub.sockets.size).toBeLessThanOrEqual(5);
  expect(timers()).toBeLessThanOrEqual(before + TOLERATED_TIMERS);
});

test('clients that disconnect while they wait leave no timers and no connections', async () => {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', ({ path }, res) =>
    sendJson(res, 200, { ...REQUEST, id: path.split('/').at(-1), ...TIMES }),
  );
  // Each waits for its own request: identical reads would share one upstream call.
  const bodyFor = (nth: number): string =>
    JSON.stringify({
      query: mutationOf('markReady'),
      variables: { input: { signatureRequestId: `r${nth}`, waitSeconds: 55 } },
    });
  const before = timers();
  const agent = new Agent({ maxSockets: 30 });
  const clients = Array.from({ length: 30 }, (_, nth) => {
    const headers = { 'content-type': 'application/json' };
    const client = request(world.url, { method: 'POST', headers, agent });
    client.on('error', () => {});
    client.end(bodyFor(nth));
    return client;
  });
  await expect.poll(() => world.calls.length).toBeGreaterThan(30);
  for (const client of clients) client.destroy();
  await expect.poll(() => world.logs.lines().length).toBe(30);
  expect(world.logs.lines().every(({ msg }) => msg === 'the client left')).toBe(true);
  await expect.poll(timers).toBeLessThanOrEqual(before + TOLERATED_TIMERS);
});

test('a client that disconnects during an upload causes no error in the log', async () => {
  const world = await startFailingGateway();
  const targets = await draftOf(world);
  using client = new PoliteClient(Number(new URL(world.url).port));
  await client.begin(uploadsBody(targets, { a: pdfBytes(15 * 1024 * 1024) }), 10 * 1024 * 1024);
  await expect
    .poll(() =>
      world.sandbox.journal
        .entries({ ended: 'answered' })
        .some(({ operationId }) => operationId === 'putBlock'),
    )
    .toBe(true);
  client.socket.resetAndDestroy();
  await expect.poll(() => world.sandbox.storageActivity()).toEqual({ putsInFlight: 0, openConnections: 0 });
  expect(world.logs.lines().filter(({ level }) => Number(level) > 20)).toEqual([]);
});

test('close answers the requests in flight, then frees every connection', async () => {
  const reached = Promise.withResolvers<void>();
  const service = await startHttpStub(async (_, res) => {
    await reached.promise;
    sendJson(res, 404, { status: 404, detail: 'not here' });
  });
  const gateway = await startGateway(gatewayOptions({ apiUrl: new URL(service.origin), storageHosts: [] }));
  // A connection without a request: browsers open some in advance.
  const silent = connect(Number(new URL(gateway.url).port), '127.0.0.1').resume();
  const silentEnds = once(silent, 'close');
  onTestFinished(() => void silent.destroy());
  const headers = { 'content-type': 'application/json', connection: 'close' };
  const running = request(gateway.url, { method: 'POST', headers });
  running.end('{"query":"{ dossier(id: \\"d1\\") { id } }"}');
  await expect.poll(() => service.calls.length).toBe(1);
  const closed = gateway.close();
  reached.resolve();
  const [answer] = await once(running, 'response');
  expect(await json(answer)).toEqual({ data: { dossier: null } });
  const answeredAt = performance.now();
  await Promise.all([closed, silentEnds]);
  expect(performance.now() - answeredAt).toBeLessThan(1_000);
  await expect.poll(() => service.sockets.size).toBe(0);
});
