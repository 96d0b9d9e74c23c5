import { multipartBody } from './multipart.ts';
import type { Json } from './start-gateway.ts';

/** The document that an upload is for. */
export interface Target {
  readonly signatureRequestId: string;
  readonly documentId: string;
}

interface Client {
  readonly run: (query: string, variables?: object) => Promise<{ readonly data: Json }>;
}

const CREATE_DOSSIER = `mutation ($input: CreateDossierInput!) { createDossier(input: $input) {
  ... on CreateDossierPayload { dossier { id } } } }`;
const FIND_SIGNER = `mutation ($input: FindSignerInput!) { findSigner(input: $input) {
  ... on FindSignerPayload { signer { id } } } }`;
const CREATE_REQUEST = `mutation ($input: CreateSignatureRequestInput!) { createSignatureRequest(input: $input) {
  ... on CreateSignatureRequestPayload { signatureRequest { id documents { id } } } } }`;

/** Performs the first three steps for a request with the given number of documents, signed on page `page` (from 0). */
export async function draftOf(
  { run }: Client,
  documents = 1,
  { page = 0 } = {},
): Promise<[Target, ...Target[]]> {
  const fields = [
    {
      clause: { title: 'Firma del contratto', type: 'REQUIRED' },
      position: { box: { page, x: 85, y: 676, width: 177, height: 77 } },
    },
  ];
  const titles = Array.from({ length: documents }, (_, index) => `Documento ${index + 1}`);
  const made = await run(CREATE_DOSSIER, {
    input: { title: 'Contratti', documents: titles.map((title) => ({ title, fields })) },
  });
  const found = await run(FIND_SIGNER, { input: { fiscalCode: 'SPNDNL80R13C555X' } });
  const created = await run(CREATE_REQUEST, {
    input: {
      dossierId: made.data['createDossier']?.['dossier']?.['id'],
      signerId: found.data['findSigner']?.['signer']?.['id'],
    },
  });
  const request = created.data['createSignatureRequest']?.['signatureRequest'];
  const targetOf = (index: number): Target => ({
    signatureRequestId: String(request?.['id']),
    documentId: String(request?.['documents']?.[index]?.['id']),
  });
  return [targetOf(0), ...titles.slice(1).map((_, index) => targetOf(index + 1))];
}

/** One `uploadDocument` per input, under the aliases `a`, `b`, `c`, … */
export function uploadsOperation(inputs: readonly object[]): { query: string; variables: object } {
  const names = inputs.map((_, index) => String.fromCharCode(97 + index));
  const declared = names.map((name) => `$${name}: UploadDocumentInput!`).join(', ');
  const fields = names.map(
    (name) => `${name}: uploadDocument(input: $${name}) { __typename
      ... on UploadDocumentPayload { sizeBytes sha256 document { id status rejectReasons } }
      ... on DocumentRejectedError { reasons } ... on FileTooLargeError { limitBytes }
      ... on NotFoundError { resource } ... on WrongStatusError { status allowed }
      ... on InvalidInputError { fieldErrors { path message } } ... on Error { code message } }`,
  );
  return {
    query: `mutation (${declared}) {\n${fields.join('\n')}\n}`,
    variables: Object.fromEntries(
      names.map((name, index) => [name, { file: null, waitSeconds: 10, ...inputs[index] }]),
    ),
  };
}

/** The multipart body of `uploadsOperation`. Files are sent in the order of `files`, whose keys are the aliases.
 * @param map where the files go, if not each into its input
 */
export function uploadsBody(
  inputs: readonly object[],
  files: Readonly<Record<string, Buffer>>,
  map: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
    Object.keys(files).map((name) => [name, [`variables.${name}.file`]]),
  ),
): Buffer {
  return multipartBody(
    [
      ['operations', JSON.stringify(uploadsOperation(inputs))],
      ['map', JSON.stringify(map)],
    ],
    Object.entries(files).map(([name, content]) => ({ name, content })),
  );
}
