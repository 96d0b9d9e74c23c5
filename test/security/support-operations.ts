import { expect } from 'vitest';
import type { SeedInput } from '../../mocks/sandbox/testing.ts';
import type { Caller, Reply } from '../support/caller.ts';
import { mutationOf } from '../support/operations.ts';

/** The ids and the fiscal code that an operation uses. */
export interface Target {
  readonly dossierId: string;
  readonly signatureRequestId: string;
  readonly documentId: string;
  readonly signerId: string;
  readonly fiscalCode: string;
}

export interface Operation {
  /** The name in `docs/guide/authentication.md`. */
  readonly field: string;
  /** The request for which it succeeds. */
  readonly request: NonNullable<SeedInput['requests']>[number];
  readonly run: (caller: Caller, target: Target, pdf: Uint8Array<ArrayBuffer>) => Promise<Reply>;
  /** `data` for a permitted caller. */
  readonly data: (target: Target) => object;
  /** The answer for a caller without permission. */
  readonly refusedWith: (error: object) => object;
}

const READY_DOCUMENT: Operation['request'] = { documents: [{ status: 'READY' }] };
const FIELDS = [
  {
    clause: { title: 'Firma del contratto', type: 'REQUIRED' },
    position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
  },
];

const READ_DOSSIER = 'query ($id: ID!) { dossier(id: $id) { id title } }';
const READ_REQUEST = 'query ($id: ID!) { signatureRequest(id: $id) { id signerId } }';
const READ_DOSSIER_OF_REQUEST = 'query ($id: ID!) { signatureRequest(id: $id) { dossier { id } } }';
const SUBSCRIBE = 'subscription ($id: ID!) { signatureRequestChanged(id: $id) { id status } }';
const READ_LIST = 'query ($id: ID!) { dossier(id: $id) { signatureRequests { nodes { id signerId } } } }';

/** A mutation of one request: its input, its payload, and the payload's value for a permitted caller. */
const about = (
  name: string,
  payload: string,
  answer: (target: Target) => object,
  input: (target: Target) => object = ({ signatureRequestId }) => ({ signatureRequestId }),
): Omit<Operation, 'request'> => ({
  field: `Mutation.${name}`,
  run: (caller, target) => caller.ask(mutationOf(name, payload), { input: input(target) }),
  data: (target) => ({
    [name]: {
      __typename: `${name.charAt(0).toUpperCase()}${name.slice(1)}Payload`,
      ...answer(target),
    },
  }),
  refusedWith: refusalOf(name),
});

/** A root field that is null, and its error. */
const refusalOf = (name: string) => (error: object) => ({
  data: { [name]: null },
  errors: [{ ...error, path: [name], locations: [expect.anything()] }],
});

const query = (
  field: string,
  document: string,
  idOf: (target: Target) => string,
  data: (target: Target) => object,
): Omit<Operation, 'request'> => ({
  field,
  run: (caller, target) => caller.ask(document, { id: idOf(target) }),
  data,
  refusedWith: refusalOf(/\{ (\w+)\(/.exec(document)?.[1] ?? ''),
});

/** Every field that has a rule; `roles.test.ts` fails when one is missing here. */
export const OPERATIONS: readonly Operation[] = [
  {
    ...query(
      'Query.dossier',
      READ_DOSSIER,
      ({ dossierId }) => dossierId,
      ({ dossierId: id }) => ({ dossier: { id, title: 'Dossier di esempio' } }),
    ),
    request: {},
  },
  {
    ...query(
      'Query.signatureRequest',
      READ_REQUEST,
      ({ signatureRequestId }) => signatureRequestId,
      ({ signatureRequestId: id, signerId }) => ({ signatureRequest: { id, signerId } }),
    ),
    request: {},
  },
  {
    ...query(
      'SignatureRequest.dossier',
      READ_DOSSIER_OF_REQUEST,
      ({ signatureRequestId }) => signatureRequestId,
      ({ dossierId: id }) => ({ signatureRequest: { dossier: { id } } }),
    ),
    request: {},
  },
  {
    // A citizen may not read a dossier by its id. Dossiers reached through a request: `not-yours.test.ts`.
    ...query(
      'Dossier.signatureRequests',
      READ_LIST,
      ({ dossierId }) => dossierId,
      ({ signatureRequestId: id, signerId }) => ({
        dossier: { signatureRequests: { nodes: [{ id, signerId }] } },
      }),
    ),
    request: {},
  },
  {
    ...query(
      'Subscription.signatureRequestChanged',
      SUBSCRIBE,
      ({ signatureRequestId }) => signatureRequestId,
      ({ signatureRequestId: id }) => ({ signatureRequestChanged: { id, status: 'SIGNED' } }),
    ),
    // Without a stream the answer has no `data`.
    refusedWith: (error) => ({
      errors: [{ ...error, path: ['signatureRequestChanged'], locations: [expect.anything()] }],
    }),
    // The only event of a request in a final status.
    request: { status: 'SIGNED' },
  },
  {
    ...about(
      'createDossier',
      'dossier { title }',
      () => ({ dossier: { title: 'Contratti' } }),
      () => ({ title: 'Contratti', documents: [{ title: 'Contratto', fields: FIELDS }] }),
    ),
    request: {},
  },
  {
    ...about(
      'findSigner',
      'signer { id }',
      ({ signerId: id }) => ({ signer: { id } }),
      ({ fiscalCode }) => ({ fiscalCode }),
    ),
    request: {},
  },
  {
    ...about(
      'createSignatureRequest',
      'signatureRequest { status signerId dossier { id } }',
      ({ signerId, dossierId: id }) => ({ signatureRequest: { status: 'DRAFT', signerId, dossier: { id } } }),
      ({ dossierId, signerId }) => ({ dossierId, signerId }),
    ),
    request: {},
  },
  {
    ...about('uploadDocument', 'document { id status }', ({ documentId: id }) => ({
      document: { id, status: 'READY' },
    })),
    run: (caller, { signatureRequestId, documentId }, pdf) =>
      caller.upload(
        mutationOf('uploadDocument', 'document { id status }'),
        { input: { signatureRequestId, documentId, file: null } },
        pdf,
      ),
    request: {},
  },
  {
    ...about(
      'createUploadUrl',
      'method headers { name }',
      () => ({ method: 'PUT', headers: [{ name: 'x-ms-blob-type' }, { name: 'content-type' }] }),
      ({ signatureRequestId, documentId }) => ({ signatureRequestId, documentId }),
    ),
    request: {},
  },
  {
    ...about('markReady', 'signatureRequest { id status }', ({ signatureRequestId: id }) => ({
      signatureRequest: { id, status: 'WAIT_FOR_SIGNATURE' },
    })),
    request: READY_DOCUMENT,
  },
  {
    ...about('notifySigner', 'signatureRequest { id status }', ({ signatureRequestId: id }) => ({
      signatureRequest: { id, status: 'WAIT_FOR_SIGNATURE' },
    })),
    request: { status: 'WAIT_FOR_SIGNATURE' },
  },
  {
    ...about('cancelSignatureRequest', 'signatureRequest { id status }', ({ signatureRequestId: id }) => ({
      signatureRequest: { id, status: 'CANCELLED' },
    })),
    request: { status: 'WAIT_FOR_SIGNATURE' },
  },
  {
    ...about('requestSignature', 'signatureRequest { status signerId }', ({ signerId }) => ({
      signatureRequest: { status: 'WAIT_FOR_SIGNATURE', signerId },
    })),
    run: (caller, { dossierId, signerId }, pdf) =>
      caller.upload(
        mutationOf('requestSignature', 'signatureRequest { status signerId }'),
        {
          input: {
            dossier: { id: dossierId },
            signer: { id: signerId },
            documents: [{ title: 'Contratto', file: null }],
            notify: false,
          },
        },
        pdf,
        'variables.input.documents.0.file',
      ),
    request: {},
  },
  {
    ...about('validateDocument', 'isValid', () => ({ isValid: true })),
    run: (caller, _, pdf) =>
      caller.upload(mutationOf('validateDocument', 'isValid'), { input: { file: null } }, pdf),
    request: {},
  },
  {
    ...about('inspectDocument', 'isSigned', () => ({ isSigned: false })),
    run: (caller, _, pdf) =>
      caller.upload(mutationOf('inspectDocument', 'isSigned'), { input: { file: null } }, pdf),
    request: {},
  },
];
