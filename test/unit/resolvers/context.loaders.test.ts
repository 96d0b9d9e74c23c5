import { expect, onTestFinished, test } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import { Queues } from '../../../src/observability/queues.ts';
import { CircuitBreaker } from '../../../src/upstream/pipeline/circuit-breaker.ts';
import { createIssuerClient } from '../../../src/upstream/clients.ts';
import { loadEach, Loaders } from '../../../src/resolvers/context.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';

const AT = '2026-03-05T09:14:07.412Z';

/** A service with every dossier and request whose id does not begin with `no`. */
async function start() {
  const stub = await startHttpStub(({ path }, res) => {
    const id = path.split('/').at(-1) ?? '';
    if (id.startsWith('no')) return sendJson(res, 404, { detail: 'not here' });
    const times = { created_at: AT, updated_at: AT, expires_at: AT };
    const common = { id, title: 'x', documents_metadata: [], ...times };
    return sendJson(res, 200, { ...common, dossier_id: 'd', signer_id: 's', status: 'DRAFT', documents: [] });
  });
  const { shared: client } = createIssuerClient({
    baseUrl: new URL(stub.origin),
    apiKey: 'key',
    storageHosts: [],
    timeoutMs: 5_000,
    connections: 50,
    proxyFor: NO_PROXY,
    rateLimit: { calls: 100_000, windowMs: 5_000 },
    operationTimeoutMs: 90_000,
    breaker: new CircuitBreaker({ origin: 'service', failures: 1_000, openMs: 1, events: createEvents() }),
    events: createEvents(),
    queues: new Queues(),
  });
  onTestFinished(() => client.close());
  return { stub, client };
}

test.each(['dossierById', 'signatureRequestById'] as const)('%s reads each id once', async (name) => {
  const { stub, client } = await start();
  const { [name]: loader } = new Loaders(client, {});
  const together = await Promise.all([loader.load('a'), loader.load('b'), loader.load('a')]);
  expect(together.map(({ id }) => id)).toEqual(['a', 'b', 'a']);
  expect((await loader.load('b')).id).toBe('b');
  expect(stub.calls.map(({ path }) => path.split('/').at(-1)).toSorted()).toEqual(['a', 'b']);
});

test('a failed id has its own failure and does not fail the others', async () => {
  const { client } = await start();
  const loader = new Loaders(client, {}).signatureRequestById;
  const [a, none, b] = await Promise.allSettled([loader.load('a'), loader.load('none'), loader.load('b')]);
  expect([a, b]).toMatchObject([{ value: { id: 'a' } }, { value: { id: 'b' } }]);
  expect(none).toMatchObject({ reason: { operation: 'getSignatureRequest', kind: 'not-found' } });
});

test('before an event of a subscription the requests of earlier events are forgotten, but no dossier', async () => {
  const { stub, client } = await start();
  const loaders = new Loaders(client, {});
  const times = { createdAt: AT, updatedAt: AT, expiresAt: AT } as const;
  const item = { id: 'a', dossierId: 'd', signerId: 's', status: 'DRAFT', ...times };
  loaders.details.set(item, loaders.signatureRequestById.load('a'));
  await loaders.dossierById.load('d');
  loaders.clearRequests();
  expect(loaders.details.size).toBe(0);
  await Promise.all([loaders.signatureRequestById.load('a'), loaders.dossierById.load('d')]);
  expect(stub.calls.map(({ path }) => path.split('/').at(-1)).toSorted()).toEqual(['a', 'a', 'd']);
});

test('two loaders share nothing, and a cleared id is read again', async () => {
  const { stub, client } = await start();
  const one = new Loaders(client, {}).signatureRequestById;
  const other = new Loaders(client, {}).signatureRequestById;
  await one.load('a');
  await other.load('a');
  expect(stub.calls).toHaveLength(2);
  one.clear('a');
  await one.load('a');
  await other.load('a');
  expect(stub.calls).toHaveLength(3);
});

test('an aborted loader makes no call', async () => {
  const { stub, client } = await start();
  const loader = new Loaders(client, { signal: AbortSignal.abort() }).dossierById;
  await expect(loader.load('a')).rejects.toMatchObject({ kind: 'aborted' });
  expect(stub.calls).toEqual([]);
});

test('at most ten keys are loaded at once, and the results are in the order of the keys', async () => {
  let running = 0;
  let most = 0;
  const keys = Array.from({ length: 35 }, (_, index) => index);
  const loadBatch = loadEach(async (key: number) => {
    running += 1;
    most = Math.max(most, running);
    // Later keys are ready sooner.
    for (let ticks = 35 - key; ticks > 0; ticks -= 1) await Promise.resolve();
    running -= 1;
    if (key === 7) throw new TypeError('seven');
    return key;
  });
  // Of all batches together.
  const results = (await Promise.all([loadBatch(keys.slice(0, 20)), loadBatch(keys.slice(20))])).flat();
  expect(most).toBe(10);
  expect(results).toEqual(keys.map((key) => (key === 7 ? new TypeError('seven') : key)));
});
