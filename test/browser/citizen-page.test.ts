import { expect, test } from 'vitest';
import { startHttpStub } from '../support/http-stub.ts';
import { openPage } from './support-open-page.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

/** A page of the institution in the citizen's browser: no library, the token in memory. */
const SCRIPT = `
  const GATEWAY = new URLSearchParams(location.search).get('gateway');
  const call = async (token, init) => {
    const response = await fetch(GATEWAY, {
      method: 'POST',
      ...init,
      headers: { ...(token && { authorization: 'Bearer ' + token }), ...init.headers },
    });
    return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.json() };
  };
  window.ask = (token, query, variables) =>
    call(token, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) });
  window.upload = (token, query, variables, bytes) => {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query, variables }));
    form.set('map', JSON.stringify({ 0: ['variables.input.file'] }));
    form.set('0', new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }), 'a.pdf');
    return call(token, { body: form });
  };
`;

async function start(isListed: boolean) {
  const issuer = await startTokenIssuer();
  const site = await startHttpStub(
    (_, res) =>
      void res
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<!doctype html><script>${SCRIPT}</script>`),
  );
  const { url, sandbox } = await startGateway({
    auth: jwtOptions(issuer.url),
    protections: { corsOrigins: isListed ? [site.origin] : ['https://other.comune.example'] },
  });
  // The responses with 401, and that of a gateway that does not list the origin.
  const mayWrite = isListed ? /401/ : /CORS policy|ERR_FAILED/;
  const { page } = await openPage({ width: 800, height: 600 }, { mayWrite });
  await page.goto(`${site.origin}/?gateway=${encodeURIComponent(url)}`);
  const run = (name: string, ...values: readonly unknown[]): Promise<unknown> =>
    page.evaluate(`${name}(${values.map((value) => JSON.stringify(value) ?? 'undefined').join()})`);
  const token = await issuer.sign({ role: 'citizen', fiscal_code: 'SPNDNL80R13C555X' });
  return { issuer, sandbox, run, token };
}

test('a page of a listed origin works with the citizen’s token, and can read the error when it is no longer valid', async () => {
  const { issuer, sandbox, run, token } = await start(true);
  const { requests } = await sandbox.seed({ requests: [{}] });
  const [request] = requests;
  const target = { signatureRequestId: request?.id, documentId: request?.documentIds[0] };

  const query = 'query ($id: ID!) { signatureRequest(id: $id) { status } }';
  expect(await run('ask', token, query, { id: request?.id })).toEqual({
    status: 200,
    challenge: null,
    body: { data: { signatureRequest: { status: 'DRAFT' } } },
  });

  const upload = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { document { status } } } }`;
  const pdf = [...(await makePdf())];
  expect(await run('upload', token, upload, { input: { ...target, file: null } }, pdf)).toMatchObject({
    status: 200,
    body: { data: { uploadDocument: { document: { status: 'READY' } } } },
  });

  const expired = await issuer.sign({ role: 'citizen', fiscal_code: 'SPNDNL80R13C555X', exp: 1 });
  for (const [sent, challenge] of [
    [expired, 'Bearer realm="sigillo", error="invalid_token"'],
    [undefined, 'Bearer realm="sigillo"'],
  ])
    expect(await run('ask', sent, query, { id: request?.id })).toMatchObject({
      status: 401,
      challenge,
      body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
});

test('a page of another origin reads nothing, with any token', async () => {
  const { run, token, sandbox } = await start(false);
  await expect(run('ask', token, '{ dossier(id: "x") { id } }')).rejects.toThrow('Failed to fetch');
  expect(sandbox.journal.entries()).toEqual([]);
});
