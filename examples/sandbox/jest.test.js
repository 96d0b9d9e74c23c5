/* Jest: globalSetup './jest-setup.mjs', globalTeardown './jest-teardown.mjs'. */
const origin = process.env.SANDBOX_ORIGINS.split(',')[Number(process.env.JEST_WORKER_ID) - 1];
const headers = { 'ocp-apim-subscription-key': 'any', 'content-type': 'application/json' };

/** Calls the control API. */
async function sandbox(method, path, body) {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${origin}/_sandbox${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text === '' ? undefined : JSON.parse(text);
}

beforeEach(() => sandbox('POST', '/reset'));

afterEach(async () => {
  const { violations } = await sandbox('DELETE', '/violations');
  expect(violations).toEqual([]);
});

test('reads a request that waits for its signature', async () => {
  const { requests } = await sandbox('POST', '/seed', { requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const url = `${origin}/api/v1/sign/signature-requests/${requests[0].id}`;
  const response = await fetch(url, { headers });
  expect(await response.json()).toMatchObject({ status: 'WAIT_FOR_SIGNATURE' });
});

test('gets 401 during an outage of the back office', async () => {
  await sandbox('POST', '/faults', { kind: 'back-office-outage', count: 1 });
  const response = await fetch(`${origin}/api/v1/sign/dossiers/none`, { headers });
  expect(response.status).toBe(401);
});
