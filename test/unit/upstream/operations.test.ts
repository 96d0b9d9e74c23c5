import { expect, test } from 'vitest';
import type { CallFacts, UpstreamClient } from '../../../src/upstream/call.ts';
import { getDocumentUploadUrl } from '../../../src/upstream/operations/get-document-upload-url.ts';
import { getDossier } from '../../../src/upstream/operations/get-dossier.ts';
import { getRequestsByDossier } from '../../../src/upstream/operations/get-requests-by-dossier.ts';
import { getSignatureRequest } from '../../../src/upstream/operations/get-signature-request.ts';
import { sendNotification } from '../../../src/upstream/operations/send-notification.ts';
import { setSignatureRequestStatus } from '../../../src/upstream/operations/set-signature-request-status.ts';
import { validateDocument } from '../../../src/upstream/operations/validate-document.ts';
import { FIELD_BY_BOX, OPERATIONS, pdf, serviceThat } from './support-operations.ts';

const everyStatus = OPERATIONS.flatMap((operation) =>
  operation.statuses.map((status) => ({ ...operation, status })),
);

test.each(everyStatus)(
  '$operationId sends its call and decodes the answer of a $status',
  async (operation) => {
    const { stub, client } = await serviceThat(operation.status, operation.answer);
    expect(await operation.call(client)).toStrictEqual(operation.model);
    expect(stub.calls.map(({ method, path }) => `${method} ${path.replace('/api', '')}`)).toEqual([
      operation.line,
    ]);
    const body = stub.calls[0]?.body.toString() ?? '';
    if (operation.operationId !== 'validateDocument')
      expect(body).toBe(operation.sent === undefined ? '' : JSON.stringify(operation.sent));
  },
);

test.each(OPERATIONS)('$operationId refuses an unexpected success status', async (operation) => {
  const { client } = await serviceThat(202, operation.answer);
  await expect(operation.call(client)).rejects.toMatchObject({
    operation: operation.operationId,
    kind: 'contract',
  });
});

/** The facts that each operation states about itself; a field that is missing is false. */
const FACTS: Readonly<Record<string, Omit<CallFacts, 'operation' | 'method'>>> = {
  createDossier: { effect: 'write' },
  getDossier: { effect: 'read', mayCoalesce: true },
  getRequestsByDossier: { effect: 'read', mayCoalesce: true, answersInvalidInputWith500: true },
  getSignerByFiscalCode: { effect: 'read' },
  createSignatureRequest: { effect: 'write' },
  getSignatureRequest: { effect: 'read', mayCoalesce: true },
  getDocumentUploadUrl: { effect: 'read' },
  setSignatureRequestStatus: { effect: 'write' },
  sendNotification: { effect: 'write', answersInvalidInputWith500: true },
  validateDocument: { effect: 'stream', answersInvalidInputWith500: true },
};

test.each(OPERATIONS)('$operationId states its effect and what the pipeline may do', async (operation) => {
  const calls: CallFacts[] = [];
  await operation
    .call({
      call(call) {
        calls.push(call);
        return Promise.reject(new Error('not sent'));
      },
      close: async () => {},
    })
    .catch(() => {});
  const [{ effect, mayCoalesce, answersInvalidInputWith500 } = { effect: undefined }] = calls;
  expect({ effect, mayCoalesce, answersInvalidInputWith500 }).toEqual({
    mayCoalesce: undefined,
    answersInvalidInputWith500: undefined,
    ...FACTS[operation.operationId],
  });
});

test('the first page is requested without a token, and the last page has none', async () => {
  const { stub, client } = await serviceThat(200, { items: [] });
  expect(await getRequestsByDossier(client, { dossierId: 'd1', limit: 100 })).toStrictEqual({
    items: [],
    continuationToken: undefined,
  });
  expect(stub.calls[0]?.path).toBe('/api/dossiers/d1/signature-requests?limit=100');
});

const BAD_IDS = [
  '',
  '.',
  '..',
  '../dossiers',
  'a/b',
  'a?b',
  'a#b',
  'a%2Fb',
  'a b',
  'à',
  'a\r\n',
  'x'.repeat(65),
];
const BY_ID: readonly [string, (client: UpstreamClient, id: string) => Promise<unknown>][] = [
  ['getDossier', (client, id) => getDossier(client, id)],
  ['getRequestsByDossier', (client, dossierId) => getRequestsByDossier(client, { dossierId, limit: 25 })],
  ['getSignatureRequest', (client, id) => getSignatureRequest(client, id)],
  ['setSignatureRequestStatus', (client, id) => setSignatureRequestStatus(client, id, 'READY')],
  ['sendNotification', (client, id) => sendNotification(client, id)],
  [
    'getDocumentUploadUrl',
    (client, id) => getDocumentUploadUrl(client, { signatureRequestId: id, documentId: 'doc1' }),
  ],
  [
    'getDocumentUploadUrl',
    (client, id) => getDocumentUploadUrl(client, { signatureRequestId: 'r1', documentId: id }),
  ],
];

test.each(BY_ID)(
  '%s treats an id that could name another path as unknown, without a call',
  async (operation, call) => {
    const { stub, client } = await serviceThat(200, {});
    for (const id of BAD_IDS)
      await expect(call(client, id), id).rejects.toMatchObject({
        operation,
        kind: 'not-found',
        status: undefined,
      });
    expect(stub.calls).toEqual([]);
  },
);

const HEAD = (name: string, filename: string, type: string): string =>
  `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`;

test.each([
  ['no fields', undefined, ''],
  [
    'fields',
    [FIELD_BY_BOX],
    `${HEAD('fields', 'fields.json', 'application/json')}${JSON.stringify([FIELD_BY_BOX])}`,
  ],
])('validateDocument with %s sends exactly the parts that the service reads', async (_, fields, part) => {
  const { stub, client } = await serviceThat(200, { is_valid: true });
  expect(await validateDocument(client, { pdf: pdf(), fields })).toStrictEqual({
    isValid: true,
    violations: [],
  });
  const [call] = stub.calls;
  const boundary = /^multipart\/form-data; boundary=(sigillo-[\w-]+)$/.exec(
    call?.headers['content-type'] ?? '',
  )?.[1];
  const parts = [part, `${HEAD('document', 'document.pdf', 'application/pdf')}%PDF-1.7`].filter(Boolean);
  const whole = parts.map((text) => `--${boundary}\r\n${text}\r\n`).join('');
  expect(call?.body.toString()).toBe(`${whole}--${boundary}--\r\n`);
});
