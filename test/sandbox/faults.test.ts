import { describe, expect, test } from 'vitest';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { issuerOf, poll, sandboxForTest } from './support-issuer.ts';
import { KEY, repeatable, readWith, uploadWith } from './support-faults.ts';

describe('in place of the API, a fault answers', () => {
  test.each<[string, Fault, number, string, unknown]>([
    [
      'an error of the backend',
      { kind: 'status', status: 500 },
      500,
      'application/problem+json',
      { title: 'Internal Server Error', status: 500, detail: 'Something went wrong.' },
    ],
    [
      'a throttled database',
      { kind: 'status', status: 429 },
      429,
      'application/problem+json',
      { title: 'Too many request', status: 429, detail: 'Too many requests.' },
    ],
    [
      'an error of the backend with a custom text',
      { kind: 'status', status: 500, detail: 'CosmosDatabaseError' },
      500,
      'application/problem+json',
      { title: 'Internal Server Error', status: 500, detail: 'CosmosDatabaseError' },
    ],
    [
      'a refusal of the input',
      { kind: 'status', status: 422, detail: 'Invalid value' },
      422,
      'application/problem+json',
      {
        type: '/problem/validation-error',
        title: 'Validation Error',
        detail: "Your request didn't validate",
        status: 422,
        violations: ['Invalid value'],
      },
    ],
    [
      'an error of the gateway',
      { kind: 'status', status: 503, envelope: 'gateway', detail: 'Service unavailable' },
      503,
      'application/json',
      { statusCode: 503, message: 'Service unavailable' },
    ],
    [
      'the rate limit',
      { kind: 'rate-limit', retryAfterSeconds: 7 },
      429,
      'application/json',
      { statusCode: 429, message: 'Rate limit is exceeded. Try again in 7 seconds.' },
    ],
  ])('%s', async (_name, fault, status, contentType, body) => {
    const { sandbox, faultId, read } = await readWith(fault);
    const answer = await read();
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe(contentType);
    expect(answer.headers.get('x-rate-limit-retry-after')).toBe(fault.kind === 'rate-limit' ? '7' : null);
    expect(answer.headers.get('x-sandbox-fault')).toBe(faultId);
    expect(await answer.json()).toEqual(body);
    expect(sandbox.journal.entries({ fault: faultId })).toMatchObject([{ status, ended: 'answered' }]);
    expect(sandbox.violations).toEqual([]);
  });

  test.each([200, 502])('the page of a proxy, %i', async (status) => {
    const { read } = await readWith({ kind: 'wrong-content-type', status });
    const answer = await read();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
    expect(await answer.text()).toMatch(/^<!doctype html>/);
  });

  test('nothing, and the call has no effect', async () => {
    const sandbox = await repeatable();
    sandbox.faults.add({ kind: 'reset', when: 'before', operation: 'createDossier' });
    await expect(issuerOf(sandbox).createDossier()).rejects.toThrow('fetch failed');
    expect(sandbox.journal.entries()).toMatchObject([
      { operationId: 'createDossier', status: undefined, ended: 'reset', faults: ['fault-1'] },
    ]);
  });

  test('and the request is still validated against the contract', async () => {
    const sandbox = await repeatable();
    sandbox.faults.add({ kind: 'status', status: 503 });
    const answer = await issuerOf(sandbox).call('POST', '/signers', { fiscal_code: 'nope' });
    expect(answer.status).toBe(503);
    expect(sandbox.takeViolations()).toMatchObject([{ direction: 'request' }]);
  });
});

describe('a call that was handled', () => {
  test('loses its answer', async () => {
    const sandbox = await repeatable();
    const issuer = issuerOf(sandbox);
    const { id } = await issuer.createRequest();
    sandbox.faults.add({ kind: 'reset', when: 'after', operation: 'createSignatureRequest', count: 1 });
    const dossierId = await issuer.createDossier();
    const create = () =>
      issuer.call('POST', '/signature-requests', { dossier_id: dossierId, signer_id: 'signer' });
    await expect(create()).rejects.toThrow('fetch failed');
    await create();
    const { body } = await issuer.call('GET', `/dossiers/${dossierId}/signature-requests`);
    // Both were created: the effect of a retried POST.
    expect(body).toMatchObject({ items: [{ dossier_id: dossierId }, { dossier_id: dossierId }] });
    expect(sandbox.journal.entries({ ended: 'reset' })).toMatchObject([
      { operationId: 'createSignatureRequest', status: 201, responseBody: { json: { status: 'DRAFT' } } },
    ]);
    expect(id).toBeDefined();
  });

  test.each([
    ['in the middle of the body', 'getDossier'],
    ['in the middle of an answer without a body', 'setSignatureRequestStatus'],
  ])('loses its connection %s', async (_name, operation) => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    const { id } = await issuer.createReadyToSend();
    const dossierId = await issuer.createDossier();
    sandbox.faults.add({ kind: 'reset', when: 'middle', operation, count: 1 });
    if (operation === 'getDossier') {
      const answer = await fetch(`${sandbox.url}/dossiers/${dossierId}`, { headers: KEY });
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow('terminated');
    } else {
      await expect(issuer.setStatus(id, 'READY')).rejects.toThrow('fetch failed');
      expect((await issuer.read(id)).status).not.toBe('DRAFT');
    }
    expect(sandbox.journal.entries({ ended: 'reset' })).toMatchObject([{ operationId: operation }]);
  });

  test('has a body that is not JSON', async () => {
    const { read } = await readWith({ kind: 'malformed-body' });
    const answer = await read();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    await expect(answer.json()).rejects.toThrow(SyntaxError);
  });

  test('has half of its JSON, as valid HTTP', async () => {
    const { sandbox, id, read } = await readWith({ kind: 'truncated-body', count: 1 });
    const answer = await read();
    const text = await answer.text();
    expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    const whole = await (await read()).text();
    expect(text).toBe(whole.slice(0, Math.floor(whole.length / 2)));
    expect(whole).toContain(id);
    expect(sandbox.violations).toEqual([]);
  });

  test.each(['malformed-body', 'truncated-body'] as const)('of 204 has a body with %s', async (kind) => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    const { id } = await issuer.createReadyToSend();
    sandbox.faults.add({ kind, operation: 'setSignatureRequestStatus' });
    const answer = await fetch(`${sandbox.url}/signature-requests/${id}/status`, {
      method: 'PUT',
      headers: { ...KEY, 'content-type': 'application/json' },
      body: '"READY"',
    });
    expect(answer.status).toBe(200);
    await expect(answer.json()).rejects.toThrow(SyntaxError);
    expect((await issuer.read(id)).status).not.toBe('DRAFT');
  });

  test('sends its body slowly', async () => {
    const { sandbox, read } = await readWith({ kind: 'slow-body', ms: 1_500 });
    const before = performance.now();
    const answer = await read();
    // The head has arrived, and the call has not ended.
    expect(sandbox.journal.entries({ operationId: 'getDossier' })).toEqual([]);
    expect(await answer.json()).toMatchObject({ title: 'Assunzione' });
    expect(performance.now() - before).toBeGreaterThan(1_450);
  });

  test('with a slow body is recorded as aborted when its client disconnects', async () => {
    const { sandbox, read } = await readWith({ kind: 'slow-body', ms: 60_000 });
    const answer = await read();
    await answer.body?.cancel();
    await sandbox.journal.waitFor({ operationId: 'getDossier', ended: 'aborted' });
  });
});

describe('latency', () => {
  test('delays a call, adds up, and changes nothing else', async () => {
    const { sandbox, faultId, read } = await readWith({ kind: 'latency', ms: 30, jitterMs: 5 });
    const second = sandbox.faults.add({ kind: 'latency', ms: 30 });
    const answer = await read();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-sandbox-fault')).toBe(`${faultId}, ${second}`);
    const [entry] = sandbox.journal.entries({ fault: second });
    expect(entry?.durationMs).toBeGreaterThanOrEqual(59);
  });

  test('ends when the client disconnects, and the call is not processed', async () => {
    const sandbox = await repeatable();
    sandbox.faults.add({ kind: 'latency', ms: 60_000 });
    const leaving = new AbortController();
    const call = fetch(`${sandbox.url}/dossiers`, {
      method: 'POST',
      headers: { ...KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'Assunzione', documents_metadata: [{ title: 'Contratto' }] }),
      signal: leaving.signal,
    });
    // The delay starts after the fault was counted.
    await poll(() => (sandbox.faults.list()[0]?.fired === 1 ? true : undefined));
    leaving.abort();
    await expect(call).rejects.toThrow('aborted');
    expect(await sandbox.journal.waitFor({ operationId: 'createDossier' })).toMatchObject({
      ended: 'aborted',
      status: undefined,
      responseBody: undefined,
    });
  });

  test('ends when the client of the storage disconnects, and nothing is stored', async () => {
    const { sandbox, url } = await uploadWith({ kind: 'latency', ms: 60_000 });
    const leaving = new AbortController();
    const headers = { 'x-ms-blob-type': 'BlockBlob' };
    const call = fetch(url, { method: 'PUT', headers, body: 'x', signal: leaving.signal });
    await poll(() => (sandbox.faults.list()[0]?.fired === 1 ? true : undefined));
    leaving.abort();
    await expect(call).rejects.toThrow('aborted');
    expect(await sandbox.journal.waitFor({ operationId: 'putBlob' })).toMatchObject({
      ended: 'aborted',
      faults: ['fault-1'],
    });
    expect(sandbox.storedBlobs()).toEqual([]);
  });

  test('ends when the sandbox is closed', async () => {
    const { sandbox, read } = await readWith({ kind: 'latency', ms: 60_000 });
    const call = read();
    const failed = expect(call).rejects.toThrow('fetch failed');
    await poll(() => (sandbox.faults.list()[0]?.fired === 1 ? true : undefined));
    await sandbox.close();
    await failed;
  });
});

test('a call answered from the contract gets no fault', async () => {
  const { sandbox } = await readWith({ kind: 'status', status: 503 });
  const answer = await issuerOf(sandbox).call('GET', '/dossiers/x', undefined, { prefer: 'code=200' });
  expect(answer.status).toBe(200);
});

describe('a fault fires', () => {
  /** Which of the calls fail. */
  async function failures(fault: Partial<Fault>, calls: number): Promise<boolean[]> {
    const { read } = await readWith({ kind: 'status', status: 503, ...fault } as Fault);
    const failed = [];
    for (let call = 0; call < calls; call += 1) failed.push((await read()).status === 503);
    return failed;
  }

  test.each<[string, Partial<Fault>, string]>([
    ['each time', {}, 'FFFFFF'],
    ['the given number of times', { count: 2 }, 'FF....'],
    ['on the nth call', { nth: 3 }, '..F...'],
    ['from the nth call, the given number of times', { nth: 2, count: 3 }, '.FFF..'],
    ['never', { probability: 0 }, '......'],
    ['for its operation', { operation: 'getDossier' }, 'FFFFFF'],
    ['for no other', { operation: 'createDossier' }, '......'],
  ])('%s', async (_name, fault, pattern) => {
    const failed = await failures(fault, pattern.length);
    expect(failed.map((hit) => (hit ? 'F' : '.')).join('')).toBe(pattern);
  });

  test('at random, on the same calls for the same seed', async () => {
    const failed = await failures({ probability: 0.5 }, 40);
    expect(failed).toContain(true);
    expect(failed).toContain(false);
    expect(await failures({ probability: 0.5 }, 40)).toEqual(failed);
  });

  test('at random, up to count times', async () => {
    const failed = await failures({ probability: 0.5, count: 2 }, 40);
    expect(failed.filter(Boolean)).toHaveLength(2);
  });

  test('if it is the first match; later faults do not count the call', async () => {
    const { sandbox, read } = await readWith({ kind: 'status', status: 500, count: 1 });
    sandbox.faults.add({ kind: 'status', status: 503, nth: 2 });
    expect([(await read()).status, (await read()).status, (await read()).status]).toEqual([500, 200, 503]);
  });

  test('until it is removed', async () => {
    const { sandbox, faultId, read } = await readWith({ kind: 'status', status: 500 });
    const other = sandbox.faults.add({ kind: 'latency', ms: 1 });
    await read();
    expect(sandbox.faults.list()).toEqual([
      { id: faultId, fault: { kind: 'status', status: 500 }, seen: 1, fired: 1 },
      { id: other, fault: { kind: 'latency', ms: 1 }, seen: 0, fired: 0 },
    ]);
    expect(sandbox.faults.clear(faultId)).toBe(1);
    expect((await read()).status).toBe(200);
    expect(sandbox.faults.clear(faultId)).toBe(0);
    expect(sandbox.faults.clear()).toBe(1);
    expect(sandbox.faults.list()).toEqual([]);
  });
});

test.each<[unknown, string]>([
  [{ kind: 'nonsense' }, 'kind'],
  [{ kind: 'status' }, 'status'],
  [{ kind: 'status', status: 200 }, 'status'],
  [
    { kind: 'status', status: 500, operation: 'createDosier' },
    'unknown operation "createDosier": use one of createDossier, ',
  ],
  [{ kind: 'status', status: 500, nht: 2 }, 'nht'],
  [{ kind: 'reset', when: 'later' }, 'when'],
  [{ kind: 'latency', ms: 3_600_000 }, 'ms'],
  [{ kind: 'back-office-outage', operation: 'getDossier' }, 'operation'],
  [{ kind: 'status', status: 500, probability: 2 }, 'probability'],
  [{ kind: 'rate-limit', retryAfterSeconds: -1 }, 'retryAfterSeconds'],
  [{ kind: 'rate-limit', retryAfter: '1\r\nx: y' }, 'retryAfter'],
  [{ kind: 'status', status: 503, retryAfter: '' }, 'retryAfter'],
])('refuses %j', async (fault, words) => {
  const sandbox = await sandboxForTest();
  // The cast represents a caller without types.
  expect(() => sandbox.faults.add(fault as Fault)).toThrow(words);
  expect(sandbox.faults.list()).toEqual([]);
});

describe('sets the retry time', () => {
  test.each(['0', '9999999999', '-1', 'soon', 'Thu, 05 Mar 2026 10:00:00 GMT'])(
    'in Retry-After: %s',
    async (retryAfter) => {
      for (const fault of [
        { kind: 'status', status: 503, retryAfter },
        { kind: 'status', status: 503, envelope: 'gateway', retryAfter },
        { kind: 'rate-limit', retryAfter },
      ] as const) {
        const api = await (await readWith(fault)).read();
        const storage = await (await uploadWith(fault)).put();
        expect([api, storage].map(({ headers }) => headers.get('retry-after'))).toEqual([
          retryAfter,
          retryAfter,
        ]);
      }
    },
  );

  test.each([0, 9_999_999_999])('after %i s in the header of the rate limit', async (retryAfterSeconds) => {
    const { read } = await readWith({ kind: 'rate-limit', retryAfterSeconds });
    const { status, headers } = await read();
    expect([status, headers.get('x-rate-limit-retry-after'), headers.get('retry-after')]).toEqual([
      429,
      String(retryAfterSeconds),
      null,
    ]);
  });
});
