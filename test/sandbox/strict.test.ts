import { expect, test } from 'vitest';
import { issuerOf, sandboxForTest } from './support-issuer.ts';

test('the response names the contract violations of its request', async () => {
  const sandbox = await sandboxForTest();
  const answer = await issuerOf(sandbox).call('POST', '/signers', { fiscal_code: 'nope' });
  expect(answer).toMatchObject({ status: 422, body: { title: 'Validation Error' } });
  expect(JSON.parse(answer.headers.get('x-sandbox-violations') ?? '')).toEqual(
    sandbox.takeViolations()[0]?.messages,
  );
  const unknown = await issuerOf(sandbox).call('GET', '/info');
  expect(unknown).toMatchObject({ status: 404, body: { message: 'Resource not found' } });
  expect(JSON.parse(unknown.headers.get('x-sandbox-violations') ?? '')).toHaveLength(1);
  sandbox.takeViolations();
});

test('a valid request gets no violations header', async () => {
  const sandbox = await sandboxForTest();
  const answer = await issuerOf(sandbox).call('GET', '/dossiers/x');
  expect(answer.headers.has('x-sandbox-violations')).toBe(false);
});

test('limits the length of the header', async () => {
  const sandbox = await sandboxForTest();
  const documents = Array.from({ length: 500 }, () => ({ title: 'è' }));
  const answer = await issuerOf(sandbox).call('POST', '/dossiers', {
    title: 'Città',
    documents_metadata: documents,
  });
  const header = answer.headers.get('x-sandbox-violations') ?? '';
  expect(answer.status).toBe(422);
  expect(header.length).toBeLessThanOrEqual(2_048);
  expect(JSON.parse(header).at(-1)).toMatch(/^and \d+ more$/);
  sandbox.takeViolations();
});
