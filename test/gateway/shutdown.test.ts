import { expect, test } from 'vitest';
import { startGateway } from '../../src/gateway.ts';
import { pino } from 'pino';
import { sendJson, startHttpStub } from '../support/http-stub.ts';

test('close waits for the answer of a running request, and not for its client to hang up', async () => {
  const arrived = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const stub = await startHttpStub(async (_, res) => {
    arrived.resolve();
    await release.promise;
    sendJson(res, 404, { detail: 'not here' });
  });
  const gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    apiUrl: new URL(stub.origin),
    apiKey: 'a-key',
    storageHosts: [],
    upstreamTimeoutMs: 5_000,
    upstreamConnections: 1,
    maxUploadBytes: 1_000,
    uploadStallMs: 1_000,
    logger: pino({ level: 'silent' }),
  });
  // Node's fetch keeps its connection open.
  const answer = fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ dossier(id: "1") { id } }' }),
  });
  await arrived.promise;
  const closed = gateway.close();
  release.resolve();
  expect(await (await answer).json()).toEqual({ data: { dossier: null } });
  const answered = performance.now();
  await closed;
  // Node would wait 5 s for another request.
  expect(performance.now() - answered).toBeLessThan(2_000);
});
