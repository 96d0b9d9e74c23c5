import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

test('a dossier is read with its documents by one upstream call', async () => {
  const { run, sandbox } = await startGateway();
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const clause = { title: 'Firma del contratto', type: 'REQUIRED' as const };
  const signature_fields = [{ clause, attrs: { unique_name: 'Signature1' } }];
  const documents_metadata = [{ title: 'Contratto', signature_fields }];
  await sandbox.seed({ dossiers: [{ id, title: 'Contratti', documents_metadata }] });
  sandbox.journal.clear();
  const { data } = await run(
    `{ dossier(id: "${id}") { id title createdAt updatedAt documents { title fields { clause { title type } } } } }`,
  );
  const { createdAt } = data['dossier'] ?? {};
  expect(data['dossier']).toEqual({
    id,
    title: 'Contratti',
    createdAt,
    updatedAt: createdAt,
    documents: [{ title: 'Contratto', fields: [{ clause }] }],
  });
  expect(sandbox.journal.entries().map(({ operationId }) => operationId)).toEqual(['getDossier']);
});

test('a dossier that does not exist is null, also for an id that is another path', async () => {
  const { run } = await startGateway();
  for (const id of ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '../x'])
    expect(await run('query ($id: ID!) { dossier(id: $id) { id } }', { id })).toEqual({
      data: { dossier: null },
    });
});
