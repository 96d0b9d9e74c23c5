import { expect, test, vi } from 'vitest';
import { success } from '../../mocks/sandbox/http/problems.ts';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import { issuerOf, sandboxForTest } from './support-issuer.ts';

/** A sandbox with a handler whose answers violate the contract, and one that throws. */
vi.mock('../../mocks/sandbox/operations/handlers.ts', async (original) => {
  const { HANDLERS } = await original<typeof import('../../mocks/sandbox/operations/handlers.ts')>();
  const broken = {
    getDossier: () => success(200, { id: 7 }),
    getSignatureRequest: () => {
      throw new TypeError('broken on purpose');
    },
  };
  return { HANDLERS: new Map([...HANDLERS, ...Object.entries(broken)]) };
});

test('records an invalid request, and responds as the service does', async () => {
  const sandbox = await sandboxForTest();
  const answer = await issuerOf(sandbox).call('POST', '/signers', { fiscal_code: 'nope' });
  expect(answer.status).toBe(422);
  expect(sandbox.violations).toEqual([
    {
      direction: 'request',
      operationId: 'getSignerByFiscalCode',
      method: 'POST',
      path: '/api/v1/sign/signers',
      messages: [expect.stringMatching(/^body\.fiscal_code: .* must match pattern/)],
    },
  ]);
  expect(JSON.stringify(sandbox.violations)).not.toContain('nope');
  expect(sandbox.takeViolations()).toHaveLength(1);
  expect(sandbox.violations).toEqual([]);
});

test('responds with an error in place of a response that violates the contract', async () => {
  const sandbox = await sandboxForTest();
  const answer = await issuerOf(sandbox).call('GET', '/dossiers/x');
  expect(answer).toMatchObject({
    status: 500,
    body: {
      title: 'The response of the sandbox to getDossier violates the contract',
      status: 500,
      violations: expect.arrayContaining([expect.stringContaining("required property 'title'")]),
    },
  });
  expect(sandbox.takeViolations()).toMatchObject([{ direction: 'response', operationId: 'getDossier' }]);
});

test('closing the sandbox fails a test that violated the contract', async () => {
  const sandbox = await startSandbox();
  await issuerOf(sandbox).call('GET', '/dossiers/x');
  await issuerOf(sandbox).call('POST', '/signers', {});
  await expect(sandbox.close()).rejects.toThrow(
    /response of getDossier \(GET \/api\/v1\/sign\/dossiers\/x\): [\s\S]*request of getSignerByFiscalCode \(POST \/api\/v1\/sign\/signers\): /,
  );
});

test('reports its own bugs', async () => {
  const warn = vi.fn();
  const sandbox = await startSandbox({ logger: { warn } });
  const answer = await issuerOf(sandbox).call('GET', '/signature-requests/x');
  expect(answer).toMatchObject({ status: 500, body: { title: 'The sandbox has a bug' } });
  expect(warn).toHaveBeenCalledWith({ err: expect.any(TypeError) }, 'bug in the sandbox');
  await expect(sandbox.close()).rejects.toThrow('broken on purpose');
});

test('responds from the contract, without state, with a Prefer header', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const prefer = (header: string) =>
    issuer.call('GET', '/signature-requests/x', undefined, { prefer: header });
  expect(await prefer('code=404')).toMatchObject({
    status: 404,
    body: { detail: 'Signature request not found' },
  });
  expect(await prefer('code=200, example=signed')).toMatchObject({ status: 200, body: { status: 'SIGNED' } });
  expect(await prefer('example=signed')).toMatchObject({ status: 200, body: { status: 'SIGNED' } });
  const [one, other] = [await prefer('dynamic=true, seed=42'), await prefer('dynamic=true, seed=42')];
  expect(one.body).toEqual(other.body);
  expect(await prefer('code=418')).toMatchObject({
    status: 404,
    body: { title: 'The contract has no response for this Prefer header' },
  });
  // An unknown path has no answers in the contract.
  expect(await issuer.call('GET', '/nothing', undefined, { prefer: 'code=200' })).toMatchObject({
    status: 404,
    body: { statusCode: 404, message: 'Resource not found' },
  });
  expect(sandbox.takeViolations()).toHaveLength(1);
  expect(sandbox.journal.entries().map(({ operationId }) => operationId)).toContain('getSignatureRequest');
});

test('other preferences do not bypass the state', async () => {
  const issuer = issuerOf(await sandboxForTest());
  for (const prefer of ['respond-async', 'code=abc', 'return=minimal']) {
    const answer = await issuer.call('GET', '/dossiers/x/signature-requests', undefined, { prefer });
    expect(answer).toMatchObject({ status: 404, body: { detail: 'The specified dossier was not found' } });
  }
});
