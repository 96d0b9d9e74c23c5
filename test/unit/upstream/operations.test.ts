import { expect, onTestFinished, test } from 'vitest';
import type { CallFacts } from '../../../src/upstream/call.ts';
import { HttpClient } from '../../../src/upstream/http-client.ts';
import type { UpstreamClient } from '../../../src/upstream/client.ts';
import type { components } from '../../../src/upstream/openapi.d.ts';
import { createDossier } from '../../../src/upstream/operations/create-dossier.ts';
import { createSignatureRequest } from '../../../src/upstream/operations/create-signature-request.ts';
import { getDocumentUploadUrl } from '../../../src/upstream/operations/get-document-upload-url.ts';
import { getDossier } from '../../../src/upstream/operations/get-dossier.ts';
import {
  allItemsOf,
  getRequestsByDossier,
} from '../../../src/upstream/operations/get-requests-by-dossier.ts';
import { getSignatureRequest } from '../../../src/upstream/operations/get-signature-request.ts';
import { getSignerByFiscalCode } from '../../../src/upstream/operations/get-signer-by-fiscal-code.ts';
import { sendNotification } from '../../../src/upstream/operations/send-notification.ts';
import { setSignatureRequestStatus } from '../../../src/upstream/operations/set-signature-request-status.ts';
import { validateDocument } from '../../../src/upstream/operations/validate-document.ts';
import { urlOf } from '../../../src/upstream/url-rules.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import { NO_PROXY } from '../../../src/upstream/proxy-for.ts';

type Wire = components['schemas'];

const AT = '2026-03-05T09:14:07.412Z';
const FIELD_BY_NAME = {
  clause: { title: 'Firma del contratto', type: 'REQUIRED' },
  attrs: { unique_name: 'Signature1' },
} satisfies Wire['SignatureField'];
const FIELD_BY_BOX = {
  clause: { title: 'Clausole vessatorie', type: 'UNFAIR' },
  attrs: { coordinates: { x: 85, y: 676.5 }, page: 0, size: { w: 177, h: 77 } },
} satisfies Wire['SignatureField'];
const METADATA: Wire['DocumentMetadata'] = {
  title: 'Contratto',
  signature_fields: [FIELD_BY_NAME, FIELD_BY_BOX],
};
const FIELDS = [
  { clause: FIELD_BY_NAME.clause, position: { uniqueName: 'Signature1' } },
  { clause: FIELD_BY_BOX.clause, position: { page: 0, x: 85, y: 676.5, width: 177, height: 77 } },
];
const TIMES = { created_at: AT, updated_at: AT };
const DOSSIER = { id: 'd1', title: 'Assunzione', documents_metadata: [METADATA], ...TIMES };
const DOSSIER_MODEL = {
  id: 'd1',
  title: 'Assunzione',
  supportEmail: undefined,
  documents: [{ title: 'Contratto', fields: FIELDS }],
  createdAt: new Date(AT),
  updatedAt: new Date(AT),
};
const SUMMARY = { id: 'r1', dossier_id: 'd1', signer_id: 's1', status: 'DRAFT', ...TIMES, expires_at: AT };
const SUMMARY_MODEL = {
  id: 'r1',
  dossierId: 'd1',
  signerId: 's1',
  status: 'DRAFT',
  createdAt: new Date(AT),
  updatedAt: new Date(AT),
  expiresAt: new Date(AT),
};
const DOCUMENT = { id: 'doc1', status: 'WAIT_FOR_UPLOAD', metadata: METADATA, ...TIMES };
const DOCUMENT_MODEL = {
  id: 'doc1',
  status: 'WAIT_FOR_UPLOAD',
  title: 'Contratto',
  fields: FIELDS,
  createdAt: new Date(AT),
  updatedAt: new Date(AT),
  uploadedAt: undefined,
  rejectedAt: undefined,
  rejectReason: undefined,
  url: undefined,
};
const REQUEST = { ...SUMMARY, documents: [DOCUMENT] };
const REQUEST_MODEL = {
  ...SUMMARY_MODEL,
  documents: [DOCUMENT_MODEL],
  notification: undefined,
  qrCodeUrl: undefined,
  signedAt: undefined,
  rejectedAt: undefined,
  cancelledAt: undefined,
  rejectReason: undefined,
};

interface Operation {
  readonly operationId: string;
  readonly call: (client: UpstreamClient) => Promise<unknown>;
  /** Method and path below the base URL. */
  readonly line: string;
  /** Undefined: no body at all. `validateDocument` has a test of its own. */
  readonly sent?: unknown;
  readonly statuses: readonly number[];
  readonly answer?: unknown;
  readonly model: unknown;
}

const OPERATIONS: readonly Operation[] = [
  {
    operationId: 'createDossier',
    call: (client) => createDossier(client, { title: 'Assunzione', documents_metadata: [METADATA] }),
    line: 'POST /dossiers',
    sent: { title: 'Assunzione', documents_metadata: [METADATA] },
    statuses: [201],
    answer: DOSSIER,
    model: DOSSIER_MODEL,
  },
  {
    operationId: 'getDossier',
    call: (client) => getDossier(client, 'd1'),
    line: 'GET /dossiers/d1',
    statuses: [200],
    answer: DOSSIER,
    model: DOSSIER_MODEL,
  },
  {
    operationId: 'getRequestsByDossier',
    call: (client) =>
      getRequestsByDossier(client, { dossierId: 'd1', limit: 25, continuationToken: '[{"a":"+b#c"}]' }),
    line: 'GET /dossiers/d1/signature-requests?limit=25&continuationToken=%5B%7B%22a%22%3A%22%2Bb%23c%22%7D%5D',
    statuses: [200],
    answer: { items: [SUMMARY], continuation_token: 't' },
    model: { items: [SUMMARY_MODEL], continuationToken: 't' },
  },
  {
    operationId: 'getSignerByFiscalCode',
    call: (client) => getSignerByFiscalCode(client, 'SPNDNL80R13C555X'),
    line: 'POST /signers',
    sent: { fiscal_code: 'SPNDNL80R13C555X' },
    statuses: [200, 201],
    answer: { id: 's1' },
    model: { id: 's1' },
  },
  {
    operationId: 'createSignatureRequest',
    call: (client) => createSignatureRequest(client, { dossier_id: 'd1', signer_id: 's1', expires_at: AT }),
    line: 'POST /signature-requests',
    sent: { dossier_id: 'd1', signer_id: 's1', expires_at: AT },
    statuses: [201],
    answer: REQUEST,
    model: REQUEST_MODEL,
  },
  {
    operationId: 'getSignatureRequest',
    call: (client) => getSignatureRequest(client, 'r1'),
    line: 'GET /signature-requests/r1',
    statuses: [200],
    answer: REQUEST,
    model: REQUEST_MODEL,
  },
  {
    operationId: 'getDocumentUploadUrl',
    call: (client) => getDocumentUploadUrl(client, { signatureRequestId: 'r1', documentId: 'doc1' }),
    line: 'GET /signature-requests/r1/documents/doc1/upload_url',
    statuses: [200],
    answer: 'https://storage/x?sig=abc',
    model: 'https://storage/x?sig=abc',
  },
  {
    operationId: 'setSignatureRequestStatus',
    call: (client) => setSignatureRequestStatus(client, 'r1', 'READY'),
    line: 'PUT /signature-requests/r1/status',
    sent: 'READY',
    statuses: [204],
    model: undefined,
  },
  {
    operationId: 'sendNotification',
    call: (client) => sendNotification(client, 'r1'),
    line: 'PUT /signature-requests/r1/notification',
    statuses: [200, 201],
    answer: { io_message_id: 'm1' },
    model: { ioMessageId: 'm1' },
  },
  {
    operationId: 'validateDocument',
    call: (client) => validateDocument(client, { pdf: pdf() }),
    line: 'POST /validate-document',
    statuses: [200],
    answer: { is_valid: false, violations: ['one', 'two'] },
    model: { isValid: false, violations: ['one', 'two'] },
  },
];

async function* pdf(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('%PDF-');
  yield Buffer.from('1.7');
}

/** A service with one answer for every call. */
async function serviceThat(status: number, answer: unknown) {
  const stub = await startHttpStub((_, res) =>
    answer === undefined ? void res.writeHead(status).end() : sendJson(res, status, answer),
  );
  const options = {
    baseUrl: new URL(`${stub.origin}/api`),
    apiKey: 'key',
    storageHosts: ['storage'],
    timeoutMs: 5_000,
    connections: 2,
    proxyFor: NO_PROXY,
  };
  const client = new HttpClient(options);
  onTestFinished(() => client.close());
  return { stub, client };
}

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

const EMPTY = { '{}': {}, null: null, 'an array': [], 'a number': 7 };
const without = (value: object, name: string): object =>
  Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
/** Properties whose `null` means that they are missing. */
const OPTIONAL = ['continuation_token', 'violations', 'support_email'];
const wrongOf = (answer: unknown): [string, unknown][] => [
  ...Object.entries(EMPTY),
  ...(typeof answer === 'object' && answer !== null
    ? Object.keys(answer).flatMap((name): [string, unknown][] => [
        ...(OPTIONAL.includes(name)
          ? []
          : [[`${name}: null`, { ...answer, [name]: null }] as [string, unknown]]),
        [`${name}: true`, { ...answer, [name]: { is: 'wrong' } }],
      ])
    : []),
];

test.each(OPERATIONS.filter(({ answer }) => answer !== undefined))(
  '$operationId refuses answers of another shape',
  async ({ answer, call, operationId, statuses: [status = 0] }) => {
    const wrong = wrongOf(answer);
    let body: unknown;
    const stub = await startHttpStub((_, res) => sendJson(res, status, body));
    const options = {
      baseUrl: new URL(stub.origin),
      apiKey: 'key',
      storageHosts: ['storage'],
      timeoutMs: 5_000,
      connections: 2,
      proxyFor: NO_PROXY,
    };
    const client = new HttpClient(options);
    onTestFinished(() => client.close());
    for (const [name, shape] of wrong) {
      body = shape;
      await expect(call(client), name).rejects.toMatchObject({ operation: operationId, kind: 'contract' });
    }
  },
);

test.each([
  ['a dossier without an id', () => getDossierFrom(without(DOSSIER, 'id'))],
  ['a day that does not exist', () => getDossierFrom({ ...DOSSIER, created_at: 'yesterday' })],
  [
    'a document without a status',
    () => getRequestFrom({ ...REQUEST, documents: [without(DOCUMENT, 'status')] }),
  ],
  ['a notification without a message', () => getRequestFrom({ ...REQUEST, notification: {} })],
  [
    'a signature field without a position',
    () =>
      getDossierFrom({
        ...DOSSIER,
        documents_metadata: [{ title: 'x', signature_fields: [{ clause: FIELD_BY_NAME.clause, attrs: {} }] }],
      }),
  ],
])('refuses %s', async (_, call) => {
  await expect(call()).rejects.toMatchObject({ kind: 'contract' });
});

async function getDossierFrom(answer: unknown) {
  return getDossier((await serviceThat(200, answer)).client, 'd1');
}
async function getRequestFrom(answer: unknown) {
  return getSignatureRequest((await serviceThat(200, answer)).client, 'r1');
}

test('details of a status are decoded, with dates as Date', async () => {
  const later = '2026-06-30T21:59:59.000Z';
  const request = await getRequestFrom({
    ...REQUEST,
    status: 'REJECTED',
    notification: { io_message_id: 'm1' },
    qr_code_url: 'https://continua.io.pagopa.it/qrcode.png?feat=firma&srid=r1',
    signed_at: later,
    rejected_at: later,
    cancelled_at: later,
    reject_reason: 'why',
    documents: [
      {
        ...DOCUMENT,
        uploaded_at: later,
        rejected_at: later,
        reject_reason: 'a\nb',
        url: 'https://storage/u',
      },
    ],
  });
  const at = new Date(later);
  expect(request).toStrictEqual({
    ...SUMMARY_MODEL,
    status: 'REJECTED',
    notification: { ioMessageId: 'm1' },
    qrCodeUrl: 'https://continua.io.pagopa.it/qrcode.png?feat=firma&srid=r1',
    signedAt: at,
    rejectedAt: at,
    cancelledAt: at,
    rejectReason: 'why',
    documents: [
      { ...DOCUMENT_MODEL, uploadedAt: at, rejectedAt: at, rejectReason: 'a\nb', url: 'https://storage/u' },
    ],
  });
});

test('new properties are dropped and new enum values passed on', async () => {
  const document = { ...DOCUMENT, status: 'NEW_STATUS', more: 1, metadata: { ...METADATA, more: 1 } };
  const request = await getRequestFrom({
    ...REQUEST,
    status: 'ARCHIVED',
    more: { a: 1 },
    documents: [document],
  });
  expect(request).toStrictEqual({
    ...REQUEST_MODEL,
    status: 'ARCHIVED',
    documents: [{ ...DOCUMENT_MODEL, status: 'NEW_STATUS' }],
  });
  const clause = { title: 'Firma del contratto', type: 'SUGGESTED', more: 1 };
  const fields = [{ clause, attrs: { unique_name: 'Signature1', more: 1 } }];
  const dossier = await getDossierFrom({
    ...DOSSIER,
    support_email: 'urp@example.it',
    documents_metadata: [{ title: 'Contratto', signature_fields: fields }, { title: 'Informativa' }],
  });
  expect(dossier).toStrictEqual({
    ...DOSSIER_MODEL,
    supportEmail: 'urp@example.it',
    documents: [
      {
        title: 'Contratto',
        fields: [
          {
            clause: { title: 'Firma del contratto', type: 'SUGGESTED' },
            position: { uniqueName: 'Signature1' },
          },
        ],
      },
      { title: 'Informativa', fields: [] },
    ],
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

test('null equals a missing property', async () => {
  const nothing = {
    notification: null,
    qr_code_url: null,
    signed_at: null,
    rejected_at: null,
    cancelled_at: null,
  };
  const document = { ...DOCUMENT, uploaded_at: null, rejected_at: null, reject_reason: null, url: null };
  expect(
    await getRequestFrom({ ...REQUEST, ...nothing, reject_reason: null, documents: [document] }),
  ).toStrictEqual(REQUEST_MODEL);
  const dossier = await getDossierFrom({
    ...DOSSIER,
    support_email: null,
    documents_metadata: [{ title: 'Contratto', signature_fields: null }],
  });
  expect(dossier).toMatchObject({ supportEmail: undefined, documents: [{ title: 'Contratto', fields: [] }] });
  const { client } = await serviceThat(200, { items: [SUMMARY], continuation_token: null });
  expect(await getRequestsByDossier(client, { dossierId: 'd1', limit: 25 })).toStrictEqual({
    items: [SUMMARY_MODEL],
    continuationToken: undefined,
  });
});

test.each([{ ...SUMMARY, status: 7 }, { ...SUMMARY, created_at: 'yesterday' }, {}, null, 'text'])(
  'an invalid item does not invalidate its page: %j',
  async (item) => {
    const { client } = await serviceThat(200, { items: [SUMMARY, item, SUMMARY], continuation_token: 't' });
    const page = await getRequestsByDossier(client, { dossierId: 'd1', limit: 25 });
    expect(page).toMatchObject({ items: [SUMMARY_MODEL, { kind: 'contract' }, SUMMARY_MODEL] });
    expect(() => allItemsOf(page)).toThrow('contract');
  },
);

/** URLs that must leave the gateway nowhere. */
const FOREIGN_URLS = [
  'http://169.254.169.254/latest/meta-data?sig=x',
  'https://169.254.169.254/x?sig=x',
  'javascript:alert(1)',
  'JAVASCRIPT:alert(1)//?sig=x',
  'data:text/html,x',
  'file:///etc/passwd',
  'ftp://storage/x?sig=x',
  'http://storage/x?sig=x',
  'https://storage.attacker.example/x?sig=x',
  'https://storage:8443/x?sig=x',
  'https://user:password@storage/x?sig=x',
  'https://continua.io.pagopa.it@attacker.example/x?sig=x',
  'https://attackerpagopa.it/qrcode.png?sig=x',
  '//attacker.example/x?sig=x',
  '/etc/passwd',
  'no URL',
  '',
];

test.each(FOREIGN_URLS)('the decoder refuses a URL on another host: %s', async (url) => {
  const { client } = await serviceThat(200, url);
  const upload = getDocumentUploadUrl(client, { signatureRequestId: 'r1', documentId: 'doc1' });
  await expect(upload).rejects.toMatchObject({ kind: 'contract' });
  if (url === '') return; // in a request the same as no URL
  const request = await getRequestFrom({ ...REQUEST, qr_code_url: url, documents: [{ ...DOCUMENT, url }] });
  expect(request).toMatchObject({ id: REQUEST_MODEL.id, documents: [{ id: DOCUMENT_MODEL.id }] });
  // Also of the copy that a coalesced read returns.
  for (const { qrCodeUrl, documents } of [request, structuredClone(request)])
    for (const refused of [qrCodeUrl, documents[0]?.url])
      expect(() => urlOf(refused ?? 'a URL')).toThrow('getSignatureRequest: contract');
  if (url.includes('sig=')) expect(JSON.stringify(request)).not.toContain(url);
});
