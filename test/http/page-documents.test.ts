import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readTrustedDocuments } from '../../src/graphql/trusted-documents.ts';
import * as workbench from '../../web/workbench/gateway/operations.ts';
import { FORMATS } from '../support/request-formats.ts';
import type { Sent } from '../support/request-formats.ts';
import { startGateway } from '../support/start-gateway.ts';

const MANIFEST = 'web/dist/workbench/documents.json';
const idOf = (document: object): string => createHash('sha256').update(String(document)).digest('hex');
const READ = idOf(workbench.SIGNATURE_REQUEST_STATUS);
const variables = { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };

const textOf = async (form: string, url: string, sent: Sent): Promise<string> =>
  (await FORMATS[form]?.(url, sent))?.text() ?? '';

test('the build of the pages lists the documents of the workbench', () => {
  const texts = Object.values(workbench).map(String);
  expect([...readTrustedDocuments(MANIFEST).values()].toSorted()).toEqual(texts.toSorted());
});

test.each(['a JSON body', 'a multipart form', 'an event stream'])(
  'a gateway that serves the workbench accepts the ids of its documents in %s, and queries',
  async (form) => {
    const { url } = await startGateway();
    expect(await textOf(form, url, { documentId: READ, variables })).toContain('{"signatureRequest":null}');
    expect(await textOf(form, url, { query: '{ __typename }' })).toContain('"__typename":"Query"');
    const unknown = await textOf(form, url, { documentId: 'a'.repeat(64), variables });
    expect(unknown).toContain('"code":"BAD_REQUEST"');
  },
);

test.each([
  ['without GraphiQL', { protections: { graphiql: false } }, 'BAD_REQUEST'],
  ['against the real service', { isSandbox: false }, 'BAD_REQUEST'],
  [
    'with trusted documents',
    { protections: { trustedDocuments: new Map([[idOf(['{ a }']), '{ a }']]) } },
    'DOCUMENT_NOT_TRUSTED',
  ],
])('a gateway %s does not know the documents of the workbench', async (_, options, code) => {
  const { url } = await startGateway(options);
  expect(await textOf('a JSON body', url, { documentId: READ, variables })).toContain(`"code":"${code}"`);
});

test('an operation that is named by its id passes the checks of its text', async () => {
  const { url, sandbox } = await startGateway({ protections: { maxOperationCost: 1 } });
  const input = { signatureRequestId: variables.id };
  const sent = { documentId: idOf(workbench.CANCEL_SIGNATURE_REQUEST), variables: { input } };
  expect(await textOf('a JSON body', url, sent)).toContain('"code":"OPERATION_TOO_COSTLY"');
  expect(sandbox.journal.entries()).toEqual([]);
});
