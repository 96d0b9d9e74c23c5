import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { contractOperations, CONTROL_CONTRACT } from '../../mocks/sandbox/http/contract.ts';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import { issuerOf, sandboxForTest, START } from './support-issuer.ts';
import { control, statusWithHeaders } from './support-control.ts';

const frozen = () => sandboxForTest({ frozenAt: START, seed: 1 });

test('returns its index and its document', async () => {
  const sandbox = await sandboxForTest();
  const index = await control(sandbox, 'GET', '');
  expect(index).toMatchObject({
    status: 200,
    body: { name: 'Firma con IO sandbox', version: expect.stringMatching(/^\d/) },
  });
  expect((await control(sandbox, 'GET', '/')).body).toEqual(index.body);
  const { links } = Object(index.body);
  expect(links.api).toBe(sandbox.url);
  const paths = (await contractOperations(CONTROL_CONTRACT)).map(
    ({ path }) => `${sandbox.origin}/_sandbox${path}`,
  );
  // All paths without an id, except the index.
  expect(Object.values(links).slice(1).sort()).toEqual(
    [...new Set(paths)].filter((path) => !path.endsWith('/_sandbox/') && !path.includes('{')).sort(),
  );

  const document = await control(sandbox, 'GET', '/openapi.yaml');
  expect(document.headers.get('content-type')).toBe('application/yaml');
  expect(document.body).toBe(await readFile(CONTROL_CONTRACT, 'utf8'));
});

test('advances the clock', async () => {
  const sandbox = await sandboxForTest();
  expect((await control(sandbox, 'GET', '/clock')).body).toMatchObject({ frozen: false });
  const at = START.toISOString();
  expect(await control(sandbox, 'POST', '/clock/freeze', { at })).toMatchObject({
    status: 200,
    body: { now: at, frozen: true },
  });
  expect((await control(sandbox, 'POST', '/clock/freeze')).body).toEqual({ now: at, frozen: true });
  expect((await control(sandbox, 'POST', '/clock/advance', { milliseconds: 588 })).body).toEqual({
    now: '2026-03-05T09:14:08.000Z',
    frozen: true,
  });
  expect((await control(sandbox, 'POST', '/clock/resume')).body).toMatchObject({ frozen: false });
  expect(sandbox.clock.now()).toBeGreaterThanOrEqual(START.getTime());
});

test('lets the citizen sign and the trust provider fail', async () => {
  const sandbox = await frozen();
  const signer = { fiscalCode: 'AAABBB00A00A000A' };
  const { body } = await control(sandbox, 'POST', '/seed', {
    requests: [{ status: 'WAIT_FOR_SIGNATURE', signer }],
  });
  const { id, signerId } = Object(body).requests[0];
  const waiting = await control(sandbox, 'POST', '/citizen/waiting', signer);
  expect(waiting).toMatchObject({ status: 200, body: { requests: [{ id, status: 'WAIT_FOR_SIGNATURE' }] } });
  expect((await control(sandbox, 'POST', '/citizen/waiting', { signerId })).body).toEqual(waiting.body);

  const sign = (more: object) => control(sandbox, 'POST', '/citizen/sign', { id, ...more });
  expect(await sign({ outcome: 'pending' })).toMatchObject({
    status: 200,
    body: { status: 'WAIT_FOR_QTSP' },
  });
  expect(await sign({})).toMatchObject({ status: 409, body: { code: 'WRONG_STATUS' } });
  const outcome = { fails: 'Invalid response status from QTSP!' };
  expect((await control(sandbox, 'POST', '/citizen/complete', { id, outcome })).status).toBe(200);
  await control(sandbox, 'POST', '/clock/advance', { milliseconds: 10_000 });
  expect(await issuerOf(sandbox).read(id)).toMatchObject({
    status: 'REJECTED',
    reject_reason: outcome.fails,
  });
  expect(await sign({ clauses: ['Nessuna'] })).toMatchObject({
    status: 409,
    body: { code: 'UNKNOWN_CLAUSE' },
  });
  expect(await sign({ clauses: 'required' })).toMatchObject({ status: 200 });
  expect(await control(sandbox, 'POST', '/citizen/sign', { id: 'none' })).toMatchObject({
    status: 404,
    headers: expect.any(Headers),
    body: { code: 'UNKNOWN_REQUEST' },
  });
});

test('adds, lists and removes faults', async () => {
  const sandbox = await sandboxForTest();
  const add = (fault: object) => control(sandbox, 'POST', '/faults', fault);
  const outage = { kind: 'status', operation: 'getDossier', status: 503, count: 2 };
  const { id } = Object((await add(outage)).body);
  const slow = Object((await add({ kind: 'latency', ms: 1, jitterMs: 1, probability: 0.5 })).body);
  expect((await issuerOf(sandbox).call('GET', '/dossiers/x')).status).toBe(503);
  expect((await control(sandbox, 'GET', '/faults')).body).toMatchObject({
    faults: [{ id, fault: outage, seen: 1, fired: 1 }, { id: slow.id }],
  });
  expect((await control(sandbox, 'DELETE', `/faults/${id}`)).status).toBe(204);
  expect((await control(sandbox, 'DELETE', `/faults/${id}`)).status).toBe(404);
  expect((await issuerOf(sandbox).call('GET', '/dossiers/x')).status).toBe(404);
  expect((await control(sandbox, 'DELETE', '/faults')).status).toBe(204);
  expect(sandbox.faults.list()).toEqual([]);
  sandbox.takeViolations();
});

test.each([
  [{ kind: 'status' }, 422],
  [{ kind: 'latency', ms: 1, when: 'before' }, 422],
  [{ kind: 'status', status: 500, operation: 'getNothing' }, 422],
  [{ kind: 'earthquake' }, 400],
])('refuses the fault %j with %i and the reason', async (fault, status) => {
  const sandbox = await sandboxForTest();
  const reply = await control(sandbox, 'POST', '/faults', fault);
  expect(reply).toMatchObject({ status, body: { detail: expect.any(String) } });
  expect(sandbox.faults.list()).toEqual([]);
});

test('filters the journal', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const fiscalCode = 'SPNDNL80R13C555X';
  await issuer.call('POST', '/signers', { fiscal_code: fiscalCode });
  await issuer.call('GET', '/dossiers/x');
  await issuer.createDossier();
  const read = async (query: string) => {
    const { status, body } = await control(sandbox, 'GET', `/journal?${query}`);
    expect(status).toBe(200);
    return Object(body).entries.map(({ seq }: { seq: number }) => seq);
  };
  expect(await read('')).toEqual([1, 2, 3]);
  expect(await read('operationId=getDossier')).toEqual([2]);
  expect(await read('status=201')).toEqual([3]);
  expect(await read('after=1&method=GET')).toEqual([2]);
  expect(await read('path=dossiers&ended=answered&violating=false')).toEqual([2, 3]);
  const masked = await control(sandbox, 'GET', '/journal');
  expect(JSON.stringify(masked.body)).not.toContain(fiscalCode);
  const { body } = await control(sandbox, 'GET', '/journal?unmasked=true');
  expect(JSON.stringify(body)).toContain(fiscalCode);
  expect((await control(sandbox, 'GET', '/journal?status=many')).status).toBe(400);
  expect((await control(sandbox, 'DELETE', '/journal')).status).toBe(204);
  expect(await read('')).toEqual([]);
});

test.each([
  ['operation=createDossier', 'Unknown parameter "operation". The parameters are operationId, method,'],
  ['operationId=createDosier', 'Unknown operation "createDosier"'],
  ['operationId=*', 'Unknown operation "*"'],
])('refuses ?%s', async (query, words) => {
  const sandbox = await sandboxForTest();
  expect(await control(sandbox, 'GET', `/journal?${query}`)).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining(words) },
  });
});

test('waits for a call, and lists the received calls on timeout', async () => {
  const sandbox = await sandboxForTest();
  const awaited = control(sandbox, 'GET', '/journal?operationId=createDossier&waitMs=10000');
  await issuerOf(sandbox).call('GET', '/dossiers/x');
  await issuerOf(sandbox).createDossier();
  expect(await awaited).toMatchObject({
    status: 200,
    body: { entries: [{ operationId: 'createDossier', seq: 2 }] },
  });
  expect(await control(sandbox, 'GET', '/journal?operationId=sendNotification&waitMs=1')).toMatchObject({
    status: 404,
    body: { detail: expect.stringMatching(/No call that matches .*\n.*createDossier/s) },
  });
});

test('a wait ends silently when its client disconnects or the sandbox is closed', async () => {
  const sandbox = await startSandbox();
  const left = new AbortController();
  const path = `${sandbox.origin}/_sandbox/journal?operationId=sendNotification&waitMs=60000`;
  const leaving = fetch(path, { signal: left.signal });
  const staying = fetch(path);
  const ends = Promise.all([expect(leaving).rejects.toThrow(), expect(staying).rejects.toThrow()]);
  // Both have arrived, because a later call is answered.
  await control(sandbox, 'GET', '/clock');
  left.abort();
  await sandbox.close();
  await ends;
});

test('returns contract violations once', async () => {
  const sandbox = await sandboxForTest();
  await issuerOf(sandbox).call('POST', '/signers', {});
  const expected = { violations: [{ direction: 'request', operationId: 'getSignerByFiscalCode' }] };
  expect((await control(sandbox, 'GET', '/violations')).body).toMatchObject(expected);
  expect((await control(sandbox, 'DELETE', '/violations')).body).toMatchObject(expected);
  expect((await control(sandbox, 'DELETE', '/violations')).body).toEqual({ violations: [] });
  // An unknown path has no operation.
  await issuerOf(sandbox).call('GET', '/nothing');
  const [violation] = Object((await control(sandbox, 'DELETE', '/violations')).body).violations;
  expect(violation).not.toHaveProperty('operationId');
});

test.each([
  ['POST', '/clock/advance', {}, "body: Request body must have required property 'milliseconds'"],
  ['POST', '/clock/advance', { milliseconds: -1 }, 'body.milliseconds: '],
  ['POST', '/clock/advance', undefined, 'Body parameter is required'],
  ['POST', '/clock/freeze', { at: 'noon' }, 'body.at: '],
  ['POST', '/clock/freeze', { when: '2026-03-05T09:14:07Z' }, 'body: '],
  ['POST', '/seed', { requests: [{ status: 'EXPIRED' }] }, 'body.requests.0.status: '],
  ['POST', '/seed', [], 'body: Request body must be object'],
  ['POST', '/citizen/waiting', {}, 'body: '],
  ['POST', '/citizen/sign', { id: 'x', outcome: 'maybe' }, 'body.outcome: '],
  ['POST', '/citizen/complete', { id: 'x' }, 'body: '],
] as const)('refuses %s %s with %j, says where, and does nothing', async (method, path, body, violation) => {
  const sandbox = await frozen();
  const reply = await control(sandbox, method, path, body);
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  expect(reply).toMatchObject({
    status: 400,
    body: {
      title: 'Bad Request',
      status: 400,
      detail: expect.stringContaining('/_sandbox/openapi.yaml'),
      violations: expect.arrayContaining([expect.stringContaining(violation)]),
    },
  });
  expect(sandbox.clock.now()).toBe(START.getTime());
});

test.each([
  ['GET', '/nothing', undefined, 404],
  ['GET', '/snapshots/1', undefined, 405],
  ['PUT', '/clock', undefined, 405],
  ['POST', '/seed', '{', 400],
  ['GET', '/%', undefined, 404],
] as const)('answers %s %s with %j by %i and says what to do', async (method, path, body, status) => {
  const reply = await control(await sandboxForTest(), method, path, body);
  expect(reply).toMatchObject({ status, body: { status, detail: expect.any(String) } });
});

test('parses bodies of any content type, as curl -d sends them', async () => {
  const sandbox = await frozen();
  const response = await fetch(`${sandbox.origin}/_sandbox/clock/advance`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: '{"milliseconds":1}',
  });
  expect(response.status).toBe(200);
});

test('needs no key, is not rate limited and not recorded in the journal', async () => {
  const sandbox = await sandboxForTest({ apiKeys: ['key'], rateLimit: { calls: 1, windowMs: 60_000 } });
  for (let call = 0; call < 3; call += 1) expect((await control(sandbox, 'GET', '/clock')).status).toBe(200);
  expect(sandbox.journal.entries()).toEqual([]);
  expect((await issuerOf(sandbox).call('GET', '/dossiers/x')).status).toBe(404);
});

test.each([
  ['a page of another site', { origin: 'https://evil.example' }, 403],
  ['a page that hides where it is from', { origin: 'null' }, 403],
  ['an image or a script on another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a page on another port of this machine', { origin: 'http://localhost:3000' }, 403],
  [
    'a page whose host name was rebound to this machine',
    { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
    403,
  ],
  [
    'a browser at a host name rebound to this machine',
    { host: 'evil.example', 'user-agent': 'Mozilla/5.0' },
    403,
  ],
  ['a browser, typed into its address bar', { 'sec-fetch-site': 'none', 'user-agent': 'Mozilla/5.0' }, 200],
  ['a test runner under the name of a container', { host: 'sandbox:4010' }, 200],
  ['a test runner under a name of its network', { host: 'sandbox.ci.example.com' }, 200],
])('responds to %s with headers %j with %i', async (_who, headers, status) => {
  const reply = await statusWithHeaders(await sandboxForTest(), '/_sandbox', headers);
  expect(reply.status).toBe(status);
  expect(reply.headers).not.toHaveProperty('access-control-allow-origin');
});

test('refuses CORS preflights', async () => {
  const { origin } = await sandboxForTest();
  const preflight = await fetch(`${origin}/_sandbox/reset`, {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': 'POST' },
  });
  expect(preflight.ok).toBe(false);
  expect(preflight.headers.has('access-control-allow-origin')).toBe(false);
});
