import { expect, onTestFinished, test } from 'vitest';
import { HttpClient } from '../../../src/upstream/http-client.ts';
import { getDocumentUploadUrl } from '../../../src/upstream/operations/get-document-upload-url.ts';
import { getDossier } from '../../../src/upstream/operations/get-dossier.ts';
import {
  allItemsOf,
  getRequestsByDossier,
} from '../../../src/upstream/operations/get-requests-by-dossier.ts';
import { getSignatureRequest } from '../../../src/upstream/operations/get-signature-request.ts';
import { urlOf } from '../../../src/upstream/url-rules.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';
import {
  DOCUMENT,
  DOCUMENT_MODEL,
  DOSSIER,
  DOSSIER_MODEL,
  FIELD_BY_NAME,
  METADATA,
  OPERATIONS,
  REQUEST,
  REQUEST_MODEL,
  SUMMARY,
  SUMMARY_MODEL,
  serviceThat,
} from './support-operations.ts';

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

test('details of a status are decoded, with timestamps in UTC', async () => {
  const later = '2026-06-30T23:59:59+02:00';
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
  const at = '2026-06-30T21:59:59.000Z';
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
