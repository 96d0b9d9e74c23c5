import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Clock } from '../../mocks/sandbox/model/clock.ts';
import { makePdf } from '../support/pdf.ts';
import { issuerOf, putBlob, sandboxForTest, START } from './support-issuer.ts';
import { control } from './support-control.ts';

const frozen = () => sandboxForTest({ frozenAt: START, seed: 1 });

test('restores a snapshot any number of times: records, files, time and scheduled tasks', async () => {
  const sandbox = await frozen();
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  await issuer.upload(request, await makePdf());
  const snapshot = sandbox.snapshot();
  const blobs = sandbox.storedBlobs();

  const endings = [];
  for (let round = 0; round < 2; round += 1) {
    expect((await issuer.read(request.id)).documents[0]?.status).toBe('WAIT_FOR_UPLOAD');
    await sandbox.clock.advance(60_000);
    await issuer.setStatus(request.id, 'READY');
    await sandbox.clock.advance(60_000);
    endings.push([await issuer.read(request.id), await issuer.createDossier()]);
    sandbox.restore(snapshot);
    expect(sandbox.clock.now()).toBe(START.getTime());
    expect(sandbox.storedBlobs()).toEqual(blobs);
  }
  expect(endings[0]).toMatchObject([{ status: 'WAIT_FOR_SIGNATURE' }, expect.any(String)]);
  // Ids too: the random generator continues from its saved state.
  expect(endings[1]).toEqual(endings[0]);
});

test('a snapshot contains tasks that were running when it was taken', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let runs = 0;
  const clock = new Clock<string>({
    timeScale: 1,
    frozenAt: START.getTime(),
    async run() {
      runs += 1;
      begin();
      await gate;
    },
  });
  clock.schedule(10, 'validation');
  const moved = clock.advance(10);
  await begun;
  const state = clock.state();
  open();
  await moved;
  clock.restore(state);
  await clock.advance(0);
  expect(runs).toBe(2);
});

test('tasks that run during a reset or restore do not change the new state', async () => {
  const sandbox = await frozen();
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const before = sandbox.snapshot();
  // Large, so that its validation takes a while.
  await issuer.upload(request, await makePdf({ pages: 500 }));
  const moved = sandbox.clock.advance(60_000);
  await setImmediate();
  expect((await issuer.read(request.id)).documents[0]?.status).toBe('WAIT_FOR_UPLOAD');
  sandbox.restore(before);
  await moved;
  expect((await issuer.read(request.id)).documents[0]?.status).toBe('WAIT_FOR_UPLOAD');
  expect(sandbox.clock.now()).toBe(START.getTime());
  expect(sandbox.storedBlobs()).toEqual([]);
});

test('a reset restores the initial state byte for byte, and keeps violations', async () => {
  const sandbox = await frozen();
  const issuer = issuerOf(sandbox);
  const walk = async () => {
    const request = await issuer.createRequest();
    const url = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
    await putBlob(url, await makePdf());
    await sandbox.clock.advance(60_000);
    return [url, await issuer.read(request.id)];
  };
  const first = await walk();
  await sandbox.seed({ keys: [{ key: 'key' }] });
  sandbox.faults.add({ kind: 'status', status: 503 });
  await issuer.call('POST', '/signers', {});
  sandbox.reset();

  expect(sandbox.journal.entries()).toEqual([]);
  expect(sandbox.faults.list()).toEqual([]);
  expect(sandbox.storedBlobs()).toEqual([]);
  expect(sandbox.takeViolations()).toHaveLength(1);
  expect(await walk()).toEqual(first);
});

test('a reset or restore clears the counted calls of the rate limit', async () => {
  const sandbox = await sandboxForTest({
    frozenAt: START,
    rateLimit: { calls: 2, windowMs: 5_000 },
  });
  const call = async () => (await issuerOf(sandbox).call('GET', '/dossiers/x')).status;
  const before = sandbox.snapshot();
  for (const goBack of [() => sandbox.reset(), () => sandbox.restore(before)]) {
    expect([await call(), await call(), await call()]).toEqual([404, 404, 429]);
    goBack();
  }
  expect(await call()).toBe(404);
});

test('a reset resumes a clock that was running at the start', async () => {
  const sandbox = await sandboxForTest();
  sandbox.clock.freeze(START.getTime());
  sandbox.reset();
  expect(sandbox.clock.frozen).toBe(false);
  expect(Math.abs(sandbox.clock.now() - Date.now())).toBeLessThan(5_000);
});

test('stores snapshots by id for HTTP clients', async () => {
  const sandbox = await frozen();
  const { id } = z
    .object({ id: z.string() })
    .loose()
    .parse((await control(sandbox, 'POST', '/snapshots')).body);
  await control(sandbox, 'POST', '/clock/advance', { milliseconds: 60_000 });
  const dossier = await issuerOf(sandbox).createDossier();
  expect((await control(sandbox, 'POST', `/snapshots/${id}/restore`)).status).toBe(204);
  expect((await issuerOf(sandbox).call('GET', `/dossiers/${dossier}`)).status).toBe(404);
  expect((await control(sandbox, 'GET', '/clock')).body).toMatchObject({ now: START.toISOString() });

  // A reset forgets the state and keeps the snapshots.
  expect((await control(sandbox, 'POST', '/reset')).status).toBe(204);
  const kept = { id, takenAt: START.toISOString() };
  expect((await control(sandbox, 'GET', '/snapshots')).body).toEqual({ snapshots: [kept] });
  expect((await control(sandbox, 'DELETE', `/snapshots/${id}`)).status).toBe(204);
  for (const [method, path] of [
    ['DELETE', ''],
    ['POST', '/restore'],
  ] as const) {
    expect(await control(sandbox, method, `/snapshots/${id}${path}`)).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('/_sandbox/snapshots') },
    });
  }
});

test('stores at most a hundred snapshots, and its error says how to proceed', async () => {
  const sandbox = await frozen();
  for (let count = 0; count < 100; count += 1) {
    expect((await control(sandbox, 'POST', '/snapshots')).status).toBe(201);
  }
  expect(await control(sandbox, 'POST', '/snapshots')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('Delete one first') },
  });
});
