import { expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';

// The service may change to its published document one day; the gateway accepts both.

const MUTATION = {
  createDossier: '... on CreateDossierPayload { dossier { id } }',
  findSigner: '... on FindSignerPayload { signer { id } }',
  createSignatureRequest:
    '... on CreateSignatureRequestPayload { signatureRequest { id status documents { id status } } }',
  markReady: '... on MarkReadyPayload { signatureRequest { status } }',
  notifySigner: '... on NotifySignerPayload { signatureRequest { notification { ioMessageId } } }',
} as const;

function mutation(name: keyof typeof MUTATION): string {
  const input = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  return `mutation ($input: ${input}!) { ${name}(input: $input) { __typename ${MUTATION[name]} ... on Error { code } } }`;
}

const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
  __typename ... on UploadDocumentPayload { document { status } } ... on Error { code } } }`;

async function startDocumented() {
  const gateway = await startGateway({}, { profile: 'documented' });
  return {
    ...gateway,
    /** The payload of a mutation, or its error. */
    async mutate(name: keyof typeof MUTATION, input: object) {
      const { data, errors } = await gateway.run(mutation(name), { input });
      expect(errors).toBeUndefined();
      return data[name];
    },
  };
}

test('performs the five steps with a service in the documented profile', async () => {
  const { mutate, upload } = await startDocumented();
  const dossier = await mutate('createDossier', { title: 'Contratti', documents: [{ title: 'Contratto' }] });
  const signer = await mutate('findSigner', { fiscalCode: 'SPNDNL80R13C555X' });
  const created = await mutate('createSignatureRequest', {
    dossierId: dossier?.['dossier']?.['id'],
    signerId: signer?.['signer']?.['id'],
  });
  const request = created?.['signatureRequest'];
  const signatureRequestId = request?.['id'];
  const documentId = Object(request?.['documents'])[0]?.id;

  expect(await mutate('markReady', { signatureRequestId, waitSeconds: 0 })).toMatchObject({
    __typename: 'DocumentsNotReadyError',
  });
  const { data } = await upload(UPLOAD, { input: { signatureRequestId, documentId } }, await makePdf());
  expect(data['uploadDocument']).toMatchObject({
    __typename: 'UploadDocumentPayload',
    document: { status: 'READY' },
  });
  expect(await mutate('markReady', { signatureRequestId })).toMatchObject({
    signatureRequest: { status: 'WAIT_FOR_SIGNATURE' },
  });
  expect(await mutate('notifySigner', { signatureRequestId })).toMatchObject({
    signatureRequest: { notification: { ioMessageId: expect.any(String) } },
  });
  expect(await mutate('notifySigner', { signatureRequestId })).toMatchObject({
    __typename: 'AlreadyNotifiedError',
  });
});

test.each([
  ['createSignatureRequest', { dossierId: '01GG4NFBCN4ZH8ETCCKX3766KX', signerId: 's' }, 'InvalidInputError'],
  ['notifySigner', { signatureRequestId: '01GG4NFBCN4ZH8ETCCKX3766KX' }, 'NotFoundError'],
] as const)('shows a documented refusal of %s as a typed error', async (name, input, expected) => {
  const { mutate } = await startDocumented();
  expect(await mutate(name, input)).toMatchObject({ __typename: expected });
});
