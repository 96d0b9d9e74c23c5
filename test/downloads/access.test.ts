import { expect, test } from 'vitest';
import { ANNA, BRUNO, CITIZEN, STAFF, startWorld } from '../security/support-world.ts';
import { exchange } from '../support/raw-http.ts';
import { at, PATH, startSigned } from '../support/downloads.ts';

/** Signed requests of two institutions and two citizens, and tokens to read their documents with. */
async function startSignedWorld() {
  const world = await startWorld();
  const { requests } = await world.sandbox.seed({
    dossiers: ['alfa', 'beta'].map((issuer, index) => ({
      id: `01KJYMD75KB7D9F1H3K5N7Q9S${index}`,
      issuer,
      title: issuer,
      documents_metadata: [{ title: 'Contratto' }],
    })),
    requests: [
      { dossier: '01KJYMD75KB7D9F1H3K5N7Q9S0', status: 'SIGNED', signer: { fiscalCode: ANNA } },
      { dossier: '01KJYMD75KB7D9F1H3K5N7Q9S0', status: 'SIGNED', signer: { fiscalCode: BRUNO } },
      { dossier: '01KJYMD75KB7D9F1H3K5N7Q9S1', status: 'SIGNED', signer: { fiscalCode: ANNA } },
    ],
  });
  const [annas = '', brunos = '', betas = ''] = requests.map(
    ({ id, documentIds }) => `/documents/${id}/${documentIds[0]}.pdf`,
  );
  const statusFor = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
    const response = await fetch(at(world, path), { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const tokenFor = async (claims: object) => ({
    authorization: `Bearer ${await world.issuer.sign({ ...claims })}`,
  });
  return { ...world, annas, brunos, betas, statusFor, tokenFor };
}

test('staff read the documents of their institution, and citizens their own', async () => {
  const { annas, brunos, betas, statusFor, tokenFor } = await startSignedWorld();
  const rights: (readonly [object, readonly number[]])[] = [
    [STAFF.operator, [200, 200, 404]],
    [STAFF.reader, [200, 200, 404]],
    [CITIZEN, [200, 404, 404]],
    [{ ...CITIZEN, fiscal_code: BRUNO }, [404, 200, 404]],
    [{ ...STAFF.reader, tenant: 'beta' }, [404, 404, 200]],
    [{ role: 'unknown', tenant: 'alfa' }, [403, 403, 403]],
  ];
  for (const [claims, expected] of rights) {
    const token = await tokenFor(claims);
    const found = [];
    for (const path of [annas, brunos, betas]) found.push(await statusFor(path, token));
    expect(found, JSON.stringify(claims)).toEqual(expected);
  }
});

test('a document of another citizen cannot be distinguished from one that does not exist, by the answer or the upstream calls', async () => {
  const world = await startSignedWorld();
  const token = await world.tokenFor(CITIZEN);
  const answerTo = async (path: string) => {
    world.sandbox.journal.clear();
    const response = await fetch(at(world, path), { headers: { ...token, 'x-request-id': 'one' } });
    const { date: _, ...headers } = Object.fromEntries(response.headers);
    const calls = world.sandbox.journal.entries().map(({ operationId }) => operationId);
    return { status: response.status, headers, body: await response.text(), calls };
  };
  const foreign = await answerTo(world.brunos);
  expect(foreign).toEqual(
    await answerTo(world.brunos.replace(/\/01[^/]*\//, '/01KJYMD75KB7D9F1H3K5N7Q9S9/')),
  );
  expect(foreign.calls).toEqual(['getSignerByFiscalCode', 'getSignatureRequest']);
});

test('a request without a valid credential is a 401 problem document, without upstream calls', async () => {
  const world = await startSignedWorld();
  world.sandbox.journal.clear();
  for (const headers of [{}, { authorization: 'Bearer x.y.z' }]) {
    const response = await fetch(at(world, world.annas), { headers });
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="sigillo"/);
    expect([response.status, response.headers.get('content-type'), await response.json()]).toEqual([
      401,
      'application/problem+json',
      {
        title: 'Unauthorized',
        status: 401,
        code: 'UNAUTHENTICATED',
        detail: expect.any(String),
        requestId: response.headers.get('x-request-id'),
      },
    ]);
  }
  expect(world.sandbox.journal.entries()).toEqual([]);
});

test('an API key authenticates a download', async () => {
  const world = await startSignedWorld();
  const response = await fetch(at({ url: world.keysUrl }, world.annas), {
    headers: { 'x-api-key': 'reader-key' },
  });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
});

test('pages of other origins are refused, except those of allowed origins, which may read range headers', async () => {
  const { file } = await startSigned({ protections: { corsOrigins: ['https://app.example'] } });
  const asPage = (origin: string) =>
    exchange(file, [
      `GET ${PATH} HTTP/1.1`,
      'host: localhost',
      `origin: ${origin}`,
      'sec-fetch-site: cross-site',
    ]);
  const foreign = await asPage('https://evil.example');
  expect(foreign).toMatch(/^HTTP\/1\.1 403 /);
  expect(foreign).toContain('"code":"FORBIDDEN_ORIGIN"');
  expect(foreign).not.toMatch(/access-control-allow-origin/i);
  const listed = await asPage('https://app.example');
  expect(listed).toMatch(/^HTTP\/1\.1 200 /);
  expect(listed).toMatch(/access-control-allow-origin: https:\/\/app\.example/i);
  expect(listed).toMatch(/access-control-expose-headers: .*content-range/i);
  const preflight = await exchange(file, [
    `OPTIONS ${PATH} HTTP/1.1`,
    'host: localhost',
    'origin: https://app.example',
    'access-control-request-method: GET',
    'access-control-request-headers: authorization, range',
  ]);
  expect(preflight).toMatch(/^HTTP\/1\.1 204 /);
  expect(preflight).toMatch(/access-control-allow-headers: authorization, ?range/i);
});

test('allowed hosts, URL rules and rate limits apply to downloads', async () => {
  const { file } = await startSigned({
    protections: { requestsPerMinute: 3, allowedHosts: ['api.example'] },
  });
  const get = (path: string, host = 'localhost') => exchange(file, [`GET ${path} HTTP/1.1`, `host: ${host}`]);
  const answers = [
    await get(PATH, 'evil.example'),
    await get(`${PATH}?SPNDNL80R13C555X`),
    await get(PATH),
    await get(PATH),
    await get(PATH),
    await get(PATH),
  ];
  const facts = answers.map((text) => [text.slice(9, 12), /"code":"(\w+)"/.exec(text)?.[1]]);
  expect(facts).toEqual([
    ['421', 'HOST_NOT_ALLOWED'],
    ['400', 'FISCAL_CODE_IN_URL'],
    ['200', undefined],
    ['200', undefined],
    ['200', undefined],
    ['429', 'TOO_MANY_REQUESTS'],
  ]);
  for (const text of answers) {
    if (text.startsWith('HTTP/1.1 200')) continue;
    expect(text).toMatch(/content-type: application\/problem\+json/i);
    expect(text).toMatch(/cache-control: private, no-store/i);
  }
});

test('downloads and operations share the rate limit of a caller', async () => {
  const world = await startWorld({ protections: { requestsPerMinute: 2 } });
  const token = { authorization: `Bearer ${await world.issuer.sign(STAFF.reader)}` };
  const document = async () => (await fetch(at(world, PATH), { headers: token })).status;
  expect([await document(), await document(), await document()]).toEqual([404, 404, 429]);
  const { status } = await (await world.as(STAFF.reader)).ask('{ __typename }');
  expect(status).toBe(429);
});
