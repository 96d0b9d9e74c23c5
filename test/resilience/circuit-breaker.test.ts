import { expect, test } from 'vitest';
import { createEvents } from '../../src/observability/events.ts';
import { draftOf } from '../support/draft.ts';
import { startHttpStub } from '../support/http-stub.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const breaksOff: StubHandler = (_, __, req) => void req.socket.resetAndDestroy();
const READ = '{ dossier(id: "none") { id } }';
const codeOf = ({ errors }: { readonly errors?: readonly { readonly extensions: object }[] }): unknown =>
  errors?.map(({ extensions }) => extensions);

async function start() {
  const events = createEvents();
  const states: string[] = [];
  events.on('breaker', ({ origin, state }) => states.push(`${origin} ${state}`));
  // A read is tried three times.
  const world = await startFailingGateway({ events, circuit: { failures: 5, openMs: 300 } });
  return { ...world, states };
}

test('after consecutive failures the circuit opens, calls fail fast, and a trial call closes it again', async () => {
  const world = await start();
  world.fail('getDossier', breaksOff);
  expect(codeOf(await world.run(READ))).toEqual([{ code: 'UPSTREAM_TIMEOUT' }]);
  const unavailable = [{ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 1 }];
  expect(codeOf(await world.run(READ))).toEqual(unavailable);
  expect(world.count('getDossier')).toBe(5);
  // No call of any operation is made.
  expect(codeOf(await world.run('{ signatureRequest(id: "none") { id } }'))).toEqual(unavailable);
  expect(world.calls).toHaveLength(5);

  world.fail('getDossier');
  await expect.poll(() => world.run(READ)).toEqual({ data: { dossier: null } });
  expect(world.states).toEqual(['service open', 'service half-open', 'service closed']);
});

test('calls queued by the rate limiter when the circuit opens fail within a window and use no slot', async () => {
  const events = createEvents();
  const world = await startFailingGateway({
    events,
    circuit: { failures: 1, openMs: 60_000 },
    rateLimit: { calls: 1, windowMs: 500 },
    upstreamConnections: 1,
  });
  const arrived = Promise.withResolvers<() => void>();
  const first = world.run(mutationOf('createDossier'), {
    input: { title: 'x', documents: [{ title: 'Contratto' }] },
  });
  world.fail('createDossier', (_, __, req) => arrived.resolve(() => req.socket.resetAndDestroy()));
  const breakOff = await arrived.promise;
  const waiting = [world.run(READ), world.run('{ signatureRequest(id: "none") { id } }')];
  await new Promise((resolve) => setTimeout(resolve, 100));
  breakOff();
  await first;
  for (const answer of await Promise.all(waiting)) {
    expect(codeOf(answer)).toEqual([{ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: expect.any(Number) }]);
  }
  expect(world.calls).toHaveLength(1);
});

test('a failing storage opens its own circuit, not that of the service', async () => {
  const storage = await startHttpStub(breaksOff);
  const events = createEvents();
  const states: string[] = [];
  events.on('breaker', ({ origin, state }) => states.push(`${origin} ${state}`));
  const world = await startFailingGateway({
    events,
    storageHosts: [storage.origin],
    circuit: { failures: 2, openMs: 60_000 },
  });
  const [target] = await draftOf(world);
  world.fail('getDocumentUploadUrl', (_, res) => {
    res
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(`${storage.origin}/x?sig=secret`));
  });
  const upload = async (): Promise<unknown> => {
    const input = { ...target, file: null };
    return codeOf(
      await world.upload(mutationOf('uploadDocument'), { input }, new Uint8Array(await makePdf())),
    );
  };
  const unavailable = [{ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: expect.any(Number) }];
  expect([await upload(), await upload()]).toEqual([unavailable, unavailable]);
  expect(storage.connections()).toBe(2);
  expect(states).toEqual(['storage open']);
  expect(await world.run(READ)).toEqual({ data: { dossier: null } });
});

test('a failure that a caller requested from the sandbox does not count for the circuit', async () => {
  const world = await startGateway({ circuit: { failures: 1, openMs: 60_000 } });
  const staged = await fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-sandbox-fault': 'getDossier=503' },
    body: JSON.stringify({ query: READ }),
  });
  expect(await staged.json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
  expect(world.sandbox.journal.entries()).toHaveLength(3);
  expect(await world.run(READ)).toEqual({ data: { dossier: null } });
});
