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
