import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CallJournal } from '../../mocks/sandbox/journal/journal.ts';
import type { CallResult, JournalFilter } from '../../mocks/sandbox/journal/journal.ts';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import { makePdf } from '../support/pdf.ts';
import { START, issuerOf, putBlob, sandboxForTest } from './support-issuer.ts';

const FISCAL_CODE = 'SPNDNL80R13C555X';

test('records each call to the API and the storage in order', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const issuer = issuerOf(sandbox, 'a-secret-key');
  const request = await issuer.createRequest();
  const documentId = request.documents[0]?.id ?? '';
  const url = await issuer.uploadUrl(request.id, documentId);
  await sandbox.clock.advance(1_000);
  const file = await makePdf();
  await putBlob(url, file);
  await (await fetch(url)).arrayBuffer();

  const [dossier, created, address, put, get, ...more] = sandbox.journal
    .entries()
    .filter(({ operationId }) => operationId !== 'getSignerByFiscalCode');
  expect(more).toEqual([]);
  expect(dossier).toEqual({
    seq: 1,
    time: START.toISOString(),
    operationId: 'createDossier',
    method: 'POST',
    path: '/api/v1/sign/dossiers',
    query: {},
    status: 201,
    ended: 'answered',
    durationMs: expect.any(Number),
    violations: { request: [], response: [] },
    faults: [],
    requestBody: { json: expect.objectContaining({ title: 'Assunzione' }) },
    responseBody: { json: expect.objectContaining({ title: 'Assunzione', id: expect.any(String) }) },
  });
  expect(created).toMatchObject({ operationId: 'createSignatureRequest' });
  expect(address).toMatchObject({ requestBody: undefined, responseBody: { json: expect.any(String) } });
  const digest = { bytes: file.length, sha256: createHash('sha256').update(file).digest('hex') };
  expect(put).toMatchObject({
    operationId: 'putBlob',
    time: new Date(START.getTime() + 1_000).toISOString(),
    query: { sp: 'racw', sig: '••••' },
    requestBody: digest,
  });
  expect(put?.responseBody).toBeUndefined();
  expect(get).toMatchObject({ operationId: 'getBlob', status: 200, responseBody: digest });
  const everything = JSON.stringify(sandbox.journal.entries({ unmasked: true }));
  expect(everything).not.toContain('a-secret-key');
  expect(everything).not.toContain(new URL(url).searchParams.get('sig'));
  expect(everything).not.toContain(encodeURIComponent(new URL(url).searchParams.get('sig') ?? ''));
});

test.each([
  ['lists', (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`],
  ['objects', (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
])('keeps the size and the digest of a body of %s that are nested too deeply', async (_, nested) => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  for (const depth of [200, 201, 10_000]) await issuer.call('POST', '/signers', nested(depth));
  const isDigest = { bytes: expect.any(Number), sha256: expect.any(String) };
  const bodies = sandbox.journal.entries().map(({ requestBody }) => requestBody);
  expect(bodies).toEqual([{ json: JSON.parse(nested(200)) }, isDigest, isDigest]);
  expect(await fetch(`${sandbox.origin}/_sandbox/journal`)).toMatchObject({ status: 200 });
  sandbox.takeViolations();
});

test('masks fiscal codes everywhere, unless unmasked is set', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  await issuer.call('POST', '/signers', { fiscal_code: FISCAL_CODE });
  await issuer.call('POST', '/signers', `{"fiscal_code": "${FISCAL_CODE}"`);
  await issuer.call('POST', '/signers', { fiscal_code: FISCAL_CODE.toLowerCase(), [FISCAL_CODE]: 1 });
  await issuer.call('GET', `/dossiers/${FISCAL_CODE}/signature-requests?continuationToken=${FISCAL_CODE}`);
  await issuer.call('GET', `/${FISCAL_CODE}`);
  expect(JSON.stringify(sandbox.violations)).not.toContain('80R13C555X');
  expect(sandbox.takeViolations()).not.toEqual([]);
  const masked = sandbox.journal.entries();
  expect(masked).toMatchObject([
    { requestBody: { json: { fiscal_code: 'SPNDNL••••••••••' } } },
    { requestBody: { text: '{"fiscal_code": "SPNDNL••••••••••"' } },
    { requestBody: { json: { fiscal_code: 'spndnl••••••••••' } } },
    { path: '/api/v1/sign/dossiers/SPNDNL••••••••••/signature-requests' },
    { path: '/api/v1/sign/SPNDNL••••••••••' },
  ]);
  expect(JSON.stringify(masked)).not.toMatch(/80R13C555X/i);
  expect(sandbox.journal.entries({ unmasked: true })).toMatchObject([
    { requestBody: { json: { fiscal_code: FISCAL_CODE } } },
    {},
    {},
    { query: { continuationToken: FISCAL_CODE } },
    {},
  ]);
});

test('records the digest of a long or binary body', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const form = new FormData();
  form.set('document', new Blob([await makePdf()], { type: 'application/pdf' }), 'a.pdf');
  await issuer.call('POST', '/validate-document', form);
  const long = JSON.stringify({ fiscal_code: FISCAL_CODE, padding: 'x'.repeat(64 * 1_024) });
  await issuer.call('POST', '/signers', long);
  const sha256 = createHash('sha256').update(long).digest('hex');
  expect(sandbox.journal.entries()).toMatchObject([
    { requestBody: { bytes: expect.any(Number) }, responseBody: { json: { is_valid: true } } },
    { requestBody: { bytes: long.length, sha256 } },
  ]);
});

test('records contract violations', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  await issuer.call('GET', '/dossiers/x');
  await issuer.call('POST', '/signers', { fiscal_code: 'nope' });
  await issuer.call('GET', '/nothing-here');
  sandbox.takeViolations();
  expect(sandbox.journal.entries({ violating: true })).toMatchObject([
    {
      operationId: 'getSignerByFiscalCode',
      status: 422,
      violations: { request: [expect.stringContaining('body.fiscal_code')] },
    },
    { operationId: undefined, status: 404, violations: { request: [expect.any(String)] } },
  ]);
  expect(sandbox.journal.entries({ violating: false })).toHaveLength(1);
});

test('clears its entries and continues its numbering', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  await issuer.call('GET', '/dossiers/x');
  sandbox.journal.clear();
  expect(sandbox.journal.entries()).toEqual([]);
  await issuer.call('GET', '/dossiers/x');
  expect(sandbox.journal.entries()).toMatchObject([{ seq: 2 }]);
});

describe('finds calls by', () => {
  test.each<[JournalFilter, number[]]>([
    [{}, [1, 2, 3, 4]],
    [{ operationId: 'getDossier' }, [1, 2]],
    [{ method: 'POST' }, [3, 4]],
    [{ path: '/two' }, [2]],
    [{ status: 503 }, [2]],
    [{ ended: 'reset' }, [4]],
    [{ fault: 'fault-1' }, [2]],
    [{ after: 2 }, [3, 4]],
    [{ after: 1, operationId: 'getDossier' }, [2]],
    [{ operationId: 'unknown' }, []],
  ])('%j', async (filter, seqs) => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    await issuer.call('GET', '/dossiers/one');
    sandbox.faults.add({ kind: 'status', status: 503, count: 1 });
    await issuer.call('GET', '/dossiers/two');
    await issuer.createDossier();
    sandbox.faults.add({ kind: 'reset', when: 'after' });
    await expect(issuer.createDossier()).rejects.toThrow();
    expect(sandbox.journal.entries(filter).map(({ seq }) => seq)).toEqual(seqs);
  });
});

describe('waits', () => {
  test('for an earlier or a later call', async () => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    const future = sandbox.journal.waitFor({ operationId: 'getDossier' });
    await issuer.call('GET', '/dossiers/one');
    expect(await future).toMatchObject({ seq: 1, path: expect.stringContaining('one') });
    expect(await sandbox.journal.waitFor({ operationId: 'getDossier' })).toMatchObject({ seq: 1 });
    const next = sandbox.journal.waitFor({ operationId: 'getDossier', after: 1 });
    await issuer.call('GET', '/signature-requests/x');
    await issuer.call('GET', '/dossiers/two');
    expect(await next).toMatchObject({ seq: 3, path: expect.stringContaining('two') });
  });

  test('until its timeout, and lists the received calls', async () => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    await issuer.call('GET', `/dossiers/${FISCAL_CODE}`);
    sandbox.faults.add({ kind: 'reset', when: 'after' });
    await expect(issuer.createDossier()).rejects.toThrow();
    const filter = { operationId: 'sendNotification' };
    await expect(sandbox.journal.waitFor(filter, { timeoutMs: 1 })).rejects.toMatchObject({
      name: 'JournalTimeoutError',
      message: [
        'No call that matches {"operationId":"sendNotification"} ended within 1 ms. Received calls, 2:',
        '  #1 getDossier (GET /api/v1/sign/dossiers/SPNDNL••••••••••): 404',
        '  #2 createDossier (POST /api/v1/sign/dossiers): 201 reset',
      ].join('\n'),
    });
  });

  test('until its signal aborts', async () => {
    const { journal } = await sandboxForTest();
    const leaving = new AbortController();
    const wait = journal.waitFor({}, { signal: leaving.signal });
    leaving.abort(new Error('enough'));
    await expect(wait).rejects.toThrow('enough');
    await expect(journal.waitFor({}, { signal: leaving.signal })).rejects.toThrow('enough');
  });

  test('until the sandbox is closed', async () => {
    const sandbox = await startSandbox();
    const wait = expect(sandbox.journal.waitFor({})).rejects.toThrow('The sandbox was closed');
    await sandbox.close();
    await wait;
  });
});

describe('memory', () => {
  const conclusion: CallResult = {
    operationId: 'getDossier',
    status: 200,
    ended: 'answered',
    violations: { request: [], response: [] },
    faults: [],
    requestBody: undefined,
    responseBody: undefined,
  };
  const url = new URL('http://sandbox.invalid/');

  test('holds the latest 10,000 calls', () => {
    const journal = new CallJournal(() => 0);
    for (let count = 0; count < 10_010; count += 1) journal.receive('GET', url).end(conclusion);
    const entries = journal.entries();
    expect([entries.length, entries[0]?.seq, entries.at(-1)?.seq]).toEqual([10_000, 11, 10_010]);
  });

  test('holds 16 MiB of bodies, and forgets the oldest bodies first', () => {
    const journal = new CallJournal(() => 0);
    const text = 'x'.repeat(60_000);
    for (let count = 0; count < 300; count += 1) {
      journal.receive('GET', url).end({ ...conclusion, responseBody: text });
    }
    const entries = journal.entries();
    const kept = entries.filter(({ responseBody = {} }) => 'text' in responseBody);
    expect(kept).toHaveLength(Math.floor((16 * 1_024 * 1_024) / text.length));
    expect(kept[0]?.seq).toBe(300 - kept.length + 1);
    expect(entries[0]?.responseBody).toEqual({ bytes: 60_000 });
  });

  test('lists a slow call by its time of arrival', () => {
    const journal = new CallJournal(() => 0);
    const slow = journal.receive('GET', url);
    journal.receive('PUT', url).end(conclusion);
    slow.end(conclusion);
    slow.end({ ...conclusion, ended: 'aborted' });
    expect(journal.entries()).toMatchObject([
      { seq: 1, method: 'GET', ended: 'answered' },
      { seq: 2, method: 'PUT' },
    ]);
  });
});
