import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';

const QUERY = '{ dossier(id: "01GG4NFBCN4ZH8ETCCKX3766KX") { id title } }';

async function ask(url: string, headers: Record<string, string>, query = QUERY) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

test('a Prefer header of a caller reaches the sandbox', async () => {
  const { url } = await startGateway();
  expect(await ask(url, {})).toEqual({ data: { dossier: null } });
  expect(await ask(url, { prefer: 'code=200' })).toMatchObject({
    data: { dossier: { id: expect.any(String) } },
  });
  expect(await ask(url, { prefer: 'code=429' })).toMatchObject({
    errors: [{ extensions: { code: 'RATE_LIMITED' } }],
  });
  expect(await ask(url, { prefer: 'example=signed' }, '{ signatureRequest(id: "none") { status } }')).toEqual(
    { data: { signatureRequest: { status: 'SIGNED' } } },
  );
});

test('a sandbox gets its own headers and no others; the real service gets none', async () => {
  const stub = await startHttpStub((_, res) =>
    sendJson(res, 404, { status: 404, detail: 'no such dossier' }),
  );
  const mine = { prefer: 'code=404', 'x-sandbox-fault': 'getDossier=503', 'x-other': '1', cookie: 'a=b' };
  const apiUrl = new URL(stub.origin);
  await ask((await startGateway({ apiUrl })).url, mine);
  await ask((await startGateway({ apiUrl, isSandbox: false })).url, mine);
  const [toSandbox, toService] = stub.calls.map(({ headers }) => headers);
  expect(toSandbox).toMatchObject({ prefer: mine.prefer, 'x-sandbox-fault': 'getDossier=503' });
  for (const headers of [toSandbox, toService]) {
    expect(headers).toMatchObject({ 'ocp-apim-subscription-key': 'a-key' });
    expect(headers).not.toHaveProperty('x-other');
    expect(headers).not.toHaveProperty('cookie');
  }
  expect(toService).not.toHaveProperty('prefer');
  expect(toService).not.toHaveProperty('x-sandbox-fault');
});
