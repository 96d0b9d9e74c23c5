import { expect, test } from 'vitest';
import { draftOf } from '../support/draft.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';

const CREATE = mutationOf('createUploadUrl', 'url method headers { name value } expiresAt');
const READ = 'query ($id: ID!) { signatureRequest(id: $id) { documents { status } } }';

test('a file that is sent as the answer states becomes the document', async () => {
  const { run, ...gateway } = await startGateway({}, { frozenAt: new Date('2126-03-05T09:00:00Z') });
  const [target] = await draftOf({ run });
  const { data } = await run(CREATE, { input: target });
  expect(data['createUploadUrl']).toMatchObject({ method: 'PUT', expiresAt: '2126-03-05T09:15:00.000Z' });
  const { url, headers } = data['createUploadUrl'] ?? {};
  const { status } = await fetch(String(url), {
    method: 'PUT',
    headers: Object.values(headers ?? {}).map((header): [string, string] => [
      String(header?.['name']),
      String(header?.['value']),
    ]),
    body: await makePdf(),
  });
  expect(status).toBe(201);
  await gateway.sandbox.clock.advance(10_000);
  expect((await run(READ, { id: target.signatureRequestId })).data).toEqual({
    signatureRequest: { documents: [{ status: 'READY' }] },
  });
});

test('a request that is no longer DRAFT gets no URL', async () => {
  const { run, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const [{ id = '', documentIds = [] } = {}] = requests;
  const { data } = await run(CREATE, { input: { signatureRequestId: id, documentId: documentIds[0] } });
  expect(data['createUploadUrl']).toMatchObject({
    __typename: 'WrongStatusError',
    status: 'WAIT_FOR_SIGNATURE',
    allowed: ['DRAFT'],
  });
  expect(sandbox.journal.entries({ operationId: 'getDocumentUploadUrl' })).toEqual([]);
});
