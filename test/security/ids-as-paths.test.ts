import { expect, test } from 'vitest';
import { startFailingGateway } from '../support/service-proxy.ts';

/** Ids that would change the path, the host or the operation of the URL that contains them. */
const IDS = [
  '../signers',
  '..',
  '.',
  'x/../../dossiers',
  'x/documents/y/upload_url',
  '..%2fsigners',
  '%2e%2e/signers',
  'x?limit=100',
  'x#y',
  'x;y',
  'x\\y',
  'x\r\nx-evil: 1',
  'x\u0000',
  'x y',
  '//evil.example/x',
  '@evil.example',
  'è',
  '．．／signers',
  '',
  'x'.repeat(65),
];

const OPERATIONS: readonly [name: string, query: string][] = [
  ['dossier', 'query ($id: ID!) { dossier(id: $id) { id signatureRequests { nodes { id } } } }'],
  ['signatureRequest', 'query ($id: ID!) { signatureRequest(id: $id) { id } }'],
  ...['markReady', 'notifySigner', 'cancelSignatureRequest'].map((name): [string, string] => [
    name,
    `mutation ($id: ID!) { ${name}(input: { signatureRequestId: $id }) { __typename } }`,
  ]),
  [
    'createUploadUrl, as the request',
    'mutation ($id: ID!) { createUploadUrl(input: { signatureRequestId: $id, documentId: "d" }) { __typename } }',
  ],
];

test.each(OPERATIONS)('%s makes no upstream call for an id that is a path', async (_, query) => {
  const world = await startFailingGateway();
  for (const id of IDS) {
    const { data, errors } = await world.run(query, { id });
    expect(errors, id).toBeUndefined();
    const [result] = Object.values(data);
    expect(result === null ? 'null' : result?.['__typename'], id).toMatch(/^(null|NotFoundError)$/);
  }
  expect(world.calls).toEqual([]);
});

test('a cursor is sent as one value of the query string', async () => {
  const world = await startFailingGateway();
  const made = await world.run(
    'mutation { createDossier(input: { title: "Contratti", documents: [{ title: "Contratto" }] }) { ... on CreateDossierPayload { dossier { id } } } }',
  );
  const id = made.data['createDossier']?.['dossier']?.['id'];
  for (const after of ['x&limit=1', '../..', 'x#y', 'x\r\ny: z', '%00']) {
    await world.run(
      'query ($id: ID!, $after: String) { dossier(id: $id) { signatureRequests(after: $after) { nodes { id } } } }',
      { id, after },
    );
  }
  const paths = world.stub.calls.map(({ path }) => new URL(path, 'http://stub'));
  for (const { pathname, searchParams } of paths.slice(1)) {
    expect(pathname).toMatch(/^\/api\/v1\/sign\/dossiers\/[\w-]+(\/signature-requests)?$/);
    expect(searchParams.getAll('limit').length).toBeLessThan(2);
  }
});
