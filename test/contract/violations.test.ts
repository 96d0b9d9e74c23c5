import { expect, test, vi } from 'vitest';
import { success } from '../../mocks/sandbox/http/problems.ts';
import type * as handlers from '../../mocks/sandbox/operations/handlers.ts';
import type * as documentInput from '../../src/resolvers/shared/document-input.ts';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';

/** A gateway that sends documents which the contract does not allow … */
vi.mock('../../src/resolvers/shared/document-input.ts', async (original) => {
  const module = await original<typeof documentInput>();
  return { ...module, wireDocumentsOf: () => [{ title: 'ab', signature_fields: [] }] };
});

/** … and a sandbox that answers otherwise than the contract says. */
vi.mock('../../mocks/sandbox/operations/handlers.ts', async (original) => {
  const { HANDLERS } = await original<typeof handlers>();
  return { HANDLERS: new Map([...HANDLERS, ['getDossier', () => success(200, { id: 7 })]]) };
});

/*
 * Every test of the gateway closes its sandbox at its end. Here it is closed before, to see that this is where a breach
 * of the contract comes out.
 */

test('a call that the contract forbids fails the test that caused it', async () => {
  const { run, sandbox } = await startGateway();
  await run(mutationOf('createDossier'), { input: { title: 'x', documents: [{ title: 'Contratto' }] } });
  await expect(sandbox.close()).rejects.toThrow(/request of createDossier .*documents_metadata.0.title/);
});

test('an answer that the contract does not know fails the test that caused it', async () => {
  const { run, sandbox } = await startGateway();
  const { errors } = await run('{ dossier(id: "d1") { id } }');
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
  await expect(sandbox.close()).rejects.toThrow(/response of getDossier .*required property 'title'/);
});

test('calls and answers as the contract has them fail nothing', async () => {
  const { run, sandbox } = await startGateway();
  expect(await run('{ signatureRequest(id: "r1") { id } }')).toEqual({ data: { signatureRequest: null } });
  await expect(sandbox.close()).resolves.toBeUndefined();
});
