import { expect, test, vi } from 'vitest';
import { success } from '../../mocks/sandbox/http/problems.ts';
import type * as handlers from '../../mocks/sandbox/operations/handlers.ts';
import type * as documentInput from '../../src/resolvers/shared/document-input.ts';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';

/** A gateway that sends documents that violate the contract. */
vi.mock('../../src/resolvers/shared/document-input.ts', async (original) => {
  const module = await original<typeof documentInput>();
  return { ...module, wireDocumentsOf: () => [{ title: 'ab', signature_fields: [] }] };
});

/** A sandbox whose answers violate the contract. */
vi.mock('../../mocks/sandbox/operations/handlers.ts', async (original) => {
  const { HANDLERS } = await original<typeof handlers>();
  return { HANDLERS: new Map([...HANDLERS, ['getDossier', () => success(200, { id: 7 })]]) };
});

/*
 * Every test of the gateway closes its sandbox at its end. Here it is closed earlier, to check that closing reports contract
 * violations.
 */

test('a call that violates the contract fails its test', async () => {
  const { run, sandbox } = await startGateway();
  await run(mutationOf('createDossier'), { input: { title: 'x', documents: [{ title: 'Contratto' }] } });
  await expect(sandbox.close()).rejects.toThrow(/request of createDossier .*documents_metadata.0.title/);
});

test('an answer that violates the contract fails its test', async () => {
  const { run, sandbox } = await startGateway();
  const { errors } = await run('{ dossier(id: "d1") { id } }');
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
  await expect(sandbox.close()).rejects.toThrow(/response of getDossier .*required property 'title'/);
});

test('valid calls and answers fail no test', async () => {
  const { run, sandbox } = await startGateway();
  expect(await run('{ signatureRequest(id: "r1") { id } }')).toEqual({ data: { signatureRequest: null } });
  await expect(sandbox.close()).resolves.toBeUndefined();
});
