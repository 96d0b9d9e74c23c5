import { onTestFinished } from 'vitest';
import { HttpClient } from '../../../src/upstream/http-client.ts';
import type { UpstreamClient } from '../../../src/upstream/call.ts';
import type { components } from '../../../src/upstream/openapi.d.ts';
import { createDossier } from '../../../src/upstream/operations/create-dossier.ts';
import { createSignatureRequest } from '../../../src/upstream/operations/create-signature-request.ts';
import { getDocumentUploadUrl } from '../../../src/upstream/operations/get-document-upload-url.ts';
import { getDossier } from '../../../src/upstream/operations/get-dossier.ts';
import { getRequestsByDossier } from '../../../src/upstream/operations/get-requests-by-dossier.ts';
import { getSignatureRequest } from '../../../src/upstream/operations/get-signature-request.ts';
import { getSignerByFiscalCode } from '../../../src/upstream/operations/get-signer-by-fiscal-code.ts';
import { sendNotification } from '../../../src/upstream/operations/send-notification.ts';
import { setSignatureRequestStatus } from '../../../src/upstream/operations/set-signature-request-status.ts';
import { validateDocument } from '../../../src/upstream/operations/validate-document.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';

export type Wire = components['schemas'];

const AT = '2026-03-05T09:14:07.412Z';
export const FIELD_BY_NAME = {
  clause: { title: 'Firma del contratto', type: 'REQUIRED' },
  attrs: { unique_name: 'Signature1' },
} satisfies Wire['SignatureField'];
export const FIELD_BY_BOX = {
  clause: { title: 'Clausole vessatorie', type: 'UNFAIR' },
  attrs: { coordinates: { x: 85, y: 676.5 }, page: 0, size: { w: 177, h: 77 } },
} satisfies Wire['SignatureField'];
export const METADATA: Wire['DocumentMetadata'] = {
  title: 'Contratto',
  signature_fields: [FIELD_BY_NAME, FIELD_BY_BOX],
};
const FIELDS = [
  { clause: FIELD_BY_NAME.clause, position: { uniqueName: 'Signature1' } },
  { clause: FIELD_BY_BOX.clause, position: { page: 0, x: 85, y: 676.5, width: 177, height: 77 } },
];
const TIMES = { created_at: AT, updated_at: AT };
export const DOSSIER = { id: 'd1', title: 'Assunzione', documents_metadata: [METADATA], ...TIMES };
export const DOSSIER_MODEL = {
  id: 'd1',
  title: 'Assunzione',
  supportEmail: undefined,
  documents: [{ title: 'Contratto', fields: FIELDS }],
  createdAt: AT,
  updatedAt: AT,
};
export const SUMMARY = {
  id: 'r1',
  dossier_id: 'd1',
  signer_id: 's1',
  status: 'DRAFT',
  ...TIMES,
  expires_at: AT,
};
export const SUMMARY_MODEL = {
  id: 'r1',
  dossierId: 'd1',
  signerId: 's1',
  status: 'DRAFT',
  createdAt: AT,
  updatedAt: AT,
  expiresAt: AT,
};
export const DOCUMENT = { id: 'doc1', status: 'WAIT_FOR_UPLOAD', metadata: METADATA, ...TIMES };
export const DOCUMENT_MODEL = {
  id: 'doc1',
  status: 'WAIT_FOR_UPLOAD',
  title: 'Contratto',
  fields: FIELDS,
  createdAt: AT,
  updatedAt: AT,
  uploadedAt: undefined,
  rejectedAt: undefined,
  rejectReason: undefined,
  url: undefined,
};
export const REQUEST = { ...SUMMARY, documents: [DOCUMENT] };
export const REQUEST_MODEL = {
  ...SUMMARY_MODEL,
  documents: [DOCUMENT_MODEL],
  notification: undefined,
  qrCodeUrl: undefined,
  signedAt: undefined,
  rejectedAt: undefined,
  cancelledAt: undefined,
  rejectReason: undefined,
};

export interface Operation {
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

export const OPERATIONS: readonly Operation[] = [
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

export async function* pdf(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('%PDF-');
  yield Buffer.from('1.7');
}

/** A service with one answer for every call. */
export async function serviceThat(status: number, answer: unknown) {
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
