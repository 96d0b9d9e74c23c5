import { createHash } from 'node:crypto';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';

const CREATE_DOSSIER = `mutation ($input: CreateDossierInput!) { createDossier(input: $input) {
  __typename ... on CreateDossierPayload { dossier { id title } }
  ... on InvalidInputError { code fieldErrors { path message } } } }`;
const FIND_SIGNER = `mutation ($input: FindSignerInput!) { findSigner(input: $input) {
  __typename ... on FindSignerPayload { signer { id } } ... on InvalidInputError { fieldErrors { path message } } } }`;
const CREATE_REQUEST = `mutation ($input: CreateSignatureRequestInput!) { createSignatureRequest(input: $input) {
  __typename ... on CreateSignatureRequestPayload { signatureRequest { id status documents { id status } dossier { title } } }
  ... on Error { code message } } }`;
const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
  __typename ... on UploadDocumentPayload { sizeBytes sha256 document { status } }
  ... on DocumentRejectedError { reasons } ... on FileTooLargeError { limitBytes } ... on Error { code } } }`;
const MARK_READY = `mutation ($input: MarkReadyInput!) { markReady(input: $input) {
  __typename ... on MarkReadyPayload { signatureRequest { id status qrCode { link image(format: PNG) } } }
  ... on DocumentsNotReadyError { documents { title status } }
  ... on DocumentRejectedError { documents { title rejectReasons } } ... on Error { code } } }`;
const NOTIFY = `mutation ($input: NotifySignerInput!) { notifySigner(input: $input) {
  __typename ... on NotifySignerPayload { signatureRequest { notification { ioMessageId } } }
  ... on AlreadyNotifiedError { ioMessageId } ... on WrongStatusError { status allowed } ... on Error { code } } }`;

const DOCUMENTS = [
  {
    title: 'Contratto',
    fields: [
      {
        clause: { title: 'Firma del contratto', type: 'REQUIRED' },
        position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
      },
    ],
  },
];

type Gateway = Awaited<ReturnType<typeof startGateway>>;

async function draftOf({ run }: Gateway) {
  const { data: made } = await run(CREATE_DOSSIER, { input: { title: 'Contratti', documents: DOCUMENTS } });
  const { data: found } = await run(FIND_SIGNER, { input: { fiscalCode: 'SPNDNL80R13C555X' } });
  const input = {
    dossierId: made['createDossier']?.['dossier']?.['id'],
    signerId: found['findSigner']?.['signer']?.['id'],
  };
  const { data: created } = await run(CREATE_REQUEST, { input });
  const request = created['createSignatureRequest']?.['signatureRequest'];
  return {
    signatureRequestId: String(request?.['id']),
    documentId: String(request?.['documents']?.[0]?.['id']),
  };
}

test('five steps lead from a PDF to a QR code that decodes to the link, and to one notification', async () => {
  const gateway = await startGateway();
  const { signatureRequestId, documentId } = await draftOf(gateway);
  const pdf = new Uint8Array(await makePdf({ pages: 1, padToBytes: 9 * 1024 * 1024 }));

  const uploaded = await gateway.upload(
    UPLOAD,
    { input: { signatureRequestId, documentId, file: null } },
    pdf,
  );
  expect(uploaded.data['uploadDocument']).toEqual({
    __typename: 'UploadDocumentPayload',
    sizeBytes: pdf.length,
    sha256: createHash('sha256').update(pdf).digest('hex'),
    document: { status: 'READY' },
  });

  const { data } = await gateway.run(MARK_READY, { input: { signatureRequestId } });
  const link = `https://continua.io.pagopa.it/open?feat=firma&srid=${signatureRequestId}`;
  const image = expect.stringMatching(/^data:image\/png;base64,/);
  expect(data['markReady']).toEqual({
    __typename: 'MarkReadyPayload',
    signatureRequest: { id: signatureRequestId, status: 'WAIT_FOR_SIGNATURE', qrCode: { link, image } },
  });
  const picture = String(data['markReady']?.['signatureRequest']?.['qrCode']?.['image']);
  const png = PNG.sync.read(Buffer.from(picture.split(',')[1] ?? '', 'base64'));
  expect(jsQR.default(new Uint8ClampedArray(png.data), png.width, png.height)?.data).toBe(link);

  const notified = await gateway.run(NOTIFY, { input: { signatureRequestId } });
  expect(notified.data['notifySigner']).toEqual({
    __typename: 'NotifySignerPayload',
    signatureRequest: { notification: { ioMessageId: expect.stringMatching(/^\w{26}$/) } },
  });
  const again = await gateway.run(NOTIFY, { input: { signatureRequestId } });
  expect(again.data['notifySigner']).toMatchObject({ __typename: 'AlreadyNotifiedError' });
});

test('every problem of an input is reported with its path, and nothing is sent', async () => {
  const { run, sandbox } = await startGateway();
  const documents = [
    { title: 'x', fields: [{ clause: { title: 'abc', type: 'OPTIONAL' }, position: { uniqueName: '' } }] },
  ];
  const { data } = await run(CREATE_DOSSIER, { input: { title: '', supportEmail: 'nobody', documents } });
  expect(data['createDossier']).toMatchObject({ __typename: 'InvalidInputError', code: 'INVALID_INPUT' });
  const problems = JSON.parse(JSON.stringify(data['createDossier']?.['fieldErrors'])) as { path: string[] }[];
  expect(problems.map(({ path }) => path.join('.')).toSorted()).toEqual([
    'documents.0.fields',
    'documents.0.fields.0.clause.title',
    'documents.0.fields.0.position.uniqueName',
    'documents.0.title',
    'supportEmail',
    'title',
  ]);
  expect(sandbox.journal.entries()).toEqual([]);
});

test('a wrong fiscal code is an InvalidInputError that does not contain it', async () => {
  const { run } = await startGateway();
  const answer = await run(FIND_SIGNER, { input: { fiscalCode: 'spndnl80r13c555x' } });
  expect(answer.data['findSigner']).toMatchObject({ __typename: 'InvalidInputError' });
  expect(JSON.stringify(answer)).not.toMatch(/spndnl80r13c555x/i);
});

test('a file that is not a PDF is refused before any upstream call', async () => {
  const gateway = await startGateway();
  const target = await draftOf(gateway);
  const calls = gateway.sandbox.journal.entries({ ended: 'answered' }).length;
  const answer = await gateway.upload(UPLOAD, { input: { ...target, file: null } }, new Uint8Array(1000));
  expect(answer.data['uploadDocument']).toEqual({ __typename: 'NotAPdfError', code: 'NOT_A_PDF' });
  expect(gateway.sandbox.journal.entries({ ended: 'answered' }).length).toBe(calls);
});

test('uploadDocument and markReady say which document was rejected and why when the PDF is cut off', async () => {
  const gateway = await startGateway();
  const target = await draftOf(gateway);
  const cut = new Uint8Array(await makePdf({ pages: 1 })).slice(0, 200);
  const answer = await gateway.upload(UPLOAD, { input: { ...target, file: null } }, cut);
  expect(answer.data['uploadDocument']).toMatchObject({ __typename: 'DocumentRejectedError' });
  const { data } = await gateway.run(MARK_READY, {
    input: { signatureRequestId: target.signatureRequestId },
  });
  expect(data['markReady']).toMatchObject({
    __typename: 'DocumentRejectedError',
    documents: [{ title: 'Contratto' }],
  });
});

test('markReady without an upload says which documents are missing when the wait is over', async () => {
  const gateway = await startGateway();
  const { signatureRequestId } = await draftOf(gateway);
  const { data } = await gateway.run(MARK_READY, { input: { signatureRequestId, waitSeconds: 0 } });
  expect(data['markReady']).toEqual({
    __typename: 'DocumentsNotReadyError',
    code: 'DOCUMENTS_NOT_READY',
    documents: [{ title: 'Contratto', status: 'WAIT_FOR_UPLOAD' }],
  });
});

test('notifySigner on a draft returns its status without waiting', async () => {
  const gateway = await startGateway();
  const { signatureRequestId } = await draftOf(gateway);
  const { data } = await gateway.run(NOTIFY, { input: { signatureRequestId } });
  expect(data['notifySigner']).toMatchObject({
    __typename: 'WrongStatusError',
    status: 'DRAFT',
    allowed: ['WAIT_FOR_SIGNATURE'],
  });
});

test('a request or dossier that does not exist is null', async () => {
  const { run } = await startGateway();
  const answer = await run(
    '{ signatureRequest(id: "01KJYMD75M8Q4V6W9X0Y2Z7A1C") { id } dossier(id: "../x") { id } }',
  );
  expect(answer).toEqual({ data: { signatureRequest: null, dossier: null } });
});
