import { expect, test } from 'vitest';
import { issuerOf, sandboxForTest } from './support-issuer.ts';

test.each([
  ['503', 503],
  ['503:gateway', 503],
  ['429:3', 429],
  ['429:0', 429],
  ['429:9999999999', 429],
  ['latency:1', 200],
  ['latency:1:1', 200],
  ['slow:1', 200],
  ['html:502', 502],
])('the fault %s applies to its own call only', async (shorthand, status) => {
  const sandbox = await sandboxForTest();
  const id = await issuerOf(sandbox).createDossier();
  const headers = { 'ocp-apim-subscription-key': 'key', 'x-sandbox-fault': `getDossier=${shorthand}` };
  const answer = await fetch(`${sandbox.url}/dossiers/${id}`, { headers });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('x-sandbox-fault')).toBe(`getDossier=${shorthand}`);
  expect(await issuerOf(sandbox).call('GET', `/dossiers/${id}`)).toMatchObject({ status: 200 });
  expect(sandbox.faults.list()).toEqual([]);
});

test.each([
  ['reset', undefined],
  ['reset-after', 200],
  ['reset-middle', 200],
])('the fault %s applies to its own call only', async (shorthand, status) => {
  const sandbox = await sandboxForTest();
  const id = await issuerOf(sandbox).createDossier();
  const headers = { 'ocp-apim-subscription-key': 'key', 'x-sandbox-fault': `*=${shorthand}` };
  const read = async () => (await fetch(`${sandbox.url}/dossiers/${id}`, { headers })).text();
  await expect(read()).rejects.toThrow();
  expect(sandbox.journal.entries({ ended: 'reset' })).toMatchObject([{ status, faults: [`*=${shorthand}`] }]);
});

test('a header that a gateway sends with each call affects only the named operation', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const header = { 'x-sandbox-fault': 'createDossier=503, getDossier=latency:1, getDossier=500' };
  const dossier = { title: 'Assunzione', documents_metadata: [{ title: 'Contratto' }] };
  const created = await issuer.call('POST', '/dossiers', dossier, header);
  expect(created).toMatchObject({ status: 503 });
  const read = await issuer.call('GET', '/dossiers/x', undefined, header);
  expect([read.status, read.headers.get('x-sandbox-fault')]).toEqual([
    500,
    'getDossier=latency:1, getDossier=500',
  ]);
  const other = await issuer.call('GET', '/signature-requests/x', undefined, header);
  expect([other.status, other.headers.get('x-sandbox-fault')]).toEqual([404, null]);
});

test.each([
  '503',
  'getDosier=503',
  'getDossier=',
  'getDossier=5xx',
  'getDossier=latency',
  '*=200',
  '*=503:proxy',
  '*=503:gateway:x',
  '*=reset:1',
  '*=latency:',
  '*=latency:1e3',
  '*=slow:1:2',
  '*=toString',
])('refuses the invalid header %s for any operation', async (header) => {
  const sandbox = await sandboxForTest();
  const answer = await issuerOf(sandbox).call('GET', '/signature-requests/x', undefined, {
    'x-sandbox-fault': header,
  });
  expect(answer).toMatchObject({
    status: 400,
    body: { title: 'Invalid header x-sandbox-fault' },
  });
});

test('the header also works for the storage', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const url = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'x-sandbox-fault': 'putBlob=503' };
  const answer = await fetch(url, { method: 'PUT', headers, body: 'x' });
  expect([answer.status, answer.headers.get('x-ms-error-code')]).toEqual([503, 'ServerBusy']);
});
