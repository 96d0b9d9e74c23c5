import { expect, onTestFinished, test } from 'vitest';
import { draftOf } from '../support/draft.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startFailingGateway } from '../support/service-proxy.ts';

const READ = '{ dossier(id: "none") { id } }';
const NOTHING = { data: { dossier: null } };
const PDF = new Uint8Array(await makePdf());

test('document validation uses a part of the connections, so queries are not blocked', async () => {
  // One of five connections, and four calls that wait for it.
  const world = await startFailingGateway({ upstreamConnections: 5, upstreamTimeoutMs: 1_000 });
  world.fail('validateDocument', () => {});
  const query = mutationOf('validateDocument');
  const uploads = Array.from({ length: 8 }, () => world.upload(query, { input: { file: null } }, PDF));
  await expect.poll(() => world.count('validateDocument')).toBe(1);
  expect(await world.run(READ)).toEqual(NOTHING);

  const codes = (await Promise.all(uploads)).map(({ errors }) => errors?.[0]?.extensions);
  const late = Array.from({ length: 5 }, () => ({ code: 'UPSTREAM_TIMEOUT' }));
  const refused = Array.from({ length: 3 }, () => ({ code: 'RATE_LIMITED', retryAfterSeconds: 10 }));
  expect(codes.toSorted((a, b) => String(a?.['code']).localeCompare(String(b?.['code'])))).toEqual([
    ...refused,
    ...late,
  ]);
  // One after the other, each with its whole deadline.
  const times = world.calls.filter(({ operation }) => operation === 'validateDocument').map(({ at }) => at);
  expect(times).toHaveLength(5);
  for (const [index, time] of times.slice(1).entries())
    expect(time - (times[index] ?? 0)).toBeGreaterThan(900);
});

test('a storage that does not answer does not block calls to the service', async () => {
  const storage = await startHttpStub(() => {});
  const world = await startFailingGateway({ storageHosts: [storage.origin], upstreamConnections: 5 });
  const [target] = await draftOf(world);
  world.fail('getDocumentUploadUrl', (_, res) => sendJson(res, 200, `${storage.origin}/x?sig=secret`));
  const clients = new AbortController();
  onTestFinished(() => clients.abort());
  for (let nth = 0; nth < 20; nth += 1) {
    const form = new FormData();
    const variables = { input: { ...target, file: null } };
    form.set('operations', JSON.stringify({ query: mutationOf('uploadDocument'), variables }));
    form.set('map', JSON.stringify({ 0: ['variables.input.file'] }));
    form.set('0', new Blob([PDF], { type: 'application/pdf' }), 'a.pdf');
    void fetch(world.url, { method: 'POST', body: form, signal: clients.signal }).catch(() => {});
  }
  // As many as the pool has blocks.
  await expect.poll(() => storage.calls.length).toBe(12);
  expect(await world.run(READ)).toEqual(NOTHING);
});
