import { multipartBody } from './multipart.ts';
import { readAnswer } from './read-answer.ts';
import type { Json } from './start-gateway.ts';

export const CLAUSE = { title: 'Firma del contratto', type: 'REQUIRED' };

const FIELDS = [
  {
    clause: CLAUSE,
    position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
  },
];

export interface Anchored {
  readonly file: Buffer<ArrayBuffer>;
  readonly anchor: object;
}

/** The input for documents whose field is placed by an anchor. */
export const anchoredInput = (documents: readonly Anchored[], rest: object = {}) => ({
  documents: documents.map(({ anchor }, index) => ({
    title: `Documento ${index + 1}`,
    fields: [{ clause: CLAUSE, position: { anchor } }],
    file: null,
  })),
  ...rest,
});

const REQUEST_SIGNATURE = `mutation ($input: RequestSignatureInput!) { requestSignature(input: $input) {
  __typename
  ... on RequestSignaturePayload {
    signatureRequest { id status qrCode { link } notification { ioMessageId } documents { status } }
    files { sizeBytes sha256 }
  }
  ... on RequestSignatureIncompleteError {
    code message step
    cause { __typename code message ... on ServiceFaultError { fault retryAfterSeconds } ... on DocumentRejectedError { reasons documents { id } } }
    progress { signerId dossierId signatureRequest { id status documents { id status } } }
  }
  ... on AnchorNotFoundError { anchors { path text matches nearest } }
  ... on InvalidInputError { fieldErrors { path message } }
  ... on Error { code message } } }`;

/** The `operations` and the `map` of a multipart request with a file for each document. */
function fieldsOf(input: object, files: readonly Buffer[]): { operations: string; map: string } {
  const documents = files.map((_, index) => ({
    title: `Documento ${index + 1}`,
    fields: index === 0 ? FIELDS : [],
    file: null,
  }));
  const variables = {
    input: {
      dossier: { create: { title: 'Contratti' } },
      signer: { fiscalCode: 'SPNDNL80R13C555X' },
      documents,
      ...input,
    },
  };
  const map = files.map((_, index) => [index, [`variables.input.documents.${index}.file`]]);
  return {
    operations: JSON.stringify({ query: REQUEST_SIGNATURE, variables }),
    map: JSON.stringify(Object.fromEntries(map)),
  };
}

/** The body of a `requestSignature` with these files, one for each document. */
export function signatureBody(input: object, files: readonly Buffer[]): Buffer {
  const parts = files.map((content, index) => ({ name: String(index), content }));
  return multipartBody(Object.entries(fieldsOf(input, files)), parts);
}

/** The whole response to a `requestSignature` with these files, one for each document. */
export async function askForSignature(
  url: string,
  input: object,
  files: readonly Buffer<ArrayBuffer>[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Json> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fieldsOf(input, files))) form.set(name, value);
  files.forEach((file, index) =>
    form.set(String(index), new Blob([file], { type: 'application/pdf' }), `${index}.pdf`),
  );
  const response = await fetch(url, { method: 'POST', body: form, headers });
  return (await readAnswer(response)) as Json;
}

/** The outcome: the payload or the error. */
export async function requestSignature(
  { url }: { readonly url: string },
  input: object,
  files: readonly Buffer<ArrayBuffer>[],
): Promise<Json | undefined> {
  const { data, errors } = await askForSignature(url, input, files);
  if (errors !== undefined) throw new Error(`refused: ${JSON.stringify(errors)}`);
  return data?.['requestSignature'];
}
