import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import {
  DocumentsNotReadyError,
  NotAPdfError,
  OutcomeUnknownError,
  SignerUnavailableError,
  UploadInterruptedError,
  WrongStatusError,
} from '../../src/resolvers/errors/domain-errors.ts';
import type { DomainError } from '../../src/resolvers/errors/domain-errors.ts';
import { ServiceFaultError, UpstreamFault } from '../../src/resolvers/errors/faults.ts';
import { RequestSignatureIncompleteError } from '../../src/resolvers/mutations/request-signature-steps.ts';
import { makePdf } from '../support/pdf.ts';
import { requestSignature } from '../support/request-signature.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

type World = Awaited<ReturnType<typeof startGateway>>;

const KEY = { idempotencyKey: '0f8fad5b-d9cb-469f-a165-70867728950e' };
const idempotency = { settle: 300 };
const [PDF, OTHER_PDF] = [await makePdf(), await makePdf({ pages: 2 })];
const LARGE_PDF = await makePdf({ padToBytes: 9 * 1024 * 1024 });
const hashOf = (file: Buffer): string => createHash('sha256').update(file).digest('hex');

const done = (files: readonly Buffer[]) => ({
  __typename: 'RequestSignaturePayload',
  signatureRequest: {
    id: expect.stringMatching(/^\w{26}$/),
    status: 'WAIT_FOR_SIGNATURE',
    qrCode: { link: expect.stringContaining('srid=') },
    notification: { ioMessageId: expect.stringMatching(/^\w{26}$/) },
    documents: files.map(() => ({ status: 'READY' })),
  },
  files: files.map((file) => ({ sizeBytes: file.length, sha256: hashOf(file) })),
});

/** How often the service performed each operation, answered or not. */
function effects({ sandbox }: World) {
  const times = (operationId: string, ...statuses: number[]): number =>
    sandbox.journal.entries({ operationId }).filter(({ status, responseBody }) => {
      const isPage =
        responseBody !== undefined && 'text' in responseBody && responseBody.text.includes('<html>');
      return status !== undefined && statuses.includes(status) && !isPage;
    }).length;
  return {
    dossiers: times('createDossier', 201),
    requests: times('createSignatureRequest', 201),
    files: times('putBlob', 201) + times('putBlockList', 201),
    notifications: times('sendNotification', 200),
  };
}

test('one mutation leads from small and large PDFs to a QR code and a notification', async () => {
  const world = await startGateway();
  const files = [PDF, LARGE_PDF, OTHER_PDF];
  expect(await requestSignature(world, {}, files)).toEqual(done(files));
  expect(effects(world)).toEqual({ dossiers: 1, requests: 1, files: 3, notifications: 1 });
});

test('a signer and a dossier that the input names are neither looked up nor created', async () => {
  const world = await startGateway();
  const { requests } = await world.sandbox.seed({ requests: [{}] });
  const [{ dossierId, signerId } = { dossierId: '', signerId: '' }] = requests;
  const input = { dossier: { id: dossierId }, signer: { id: signerId }, notify: false };
  expect(await requestSignature(world, input, [PDF])).toMatchObject({
    signatureRequest: { status: 'WAIT_FOR_SIGNATURE', notification: null },
  });
  expect(effects(world)).toEqual({ dossiers: 0, requests: 1, files: 1, notifications: 0 });
  expect(world.sandbox.journal.entries({ operationId: 'getSignerByFiscalCode' })).toEqual([]);
});

test.each([
  ['DRAFT', { status: 'DRAFT', documents: [{ status: 'READY' }], qrCode: null }],
  ['READY', { status: 'READY', documents: [{ status: 'READY' }], qrCode: null }],
] as const)('stops at the status %s', async (until, signatureRequest) => {
  const world = await startGateway();
  expect(await requestSignature(world, { until }, [PDF])).toMatchObject({ signatureRequest });
  expect(effects(world).notifications).toBe(0);
});

test('reports all problems of the input at once, without an upstream call', async () => {
  const world = await startGateway();
  const answer = await requestSignature(
    world,
    {
      dossier: { create: { title: '', supportEmail: 'no' } },
      signer: { id: 'no-uuid' },
      documents: [{ title: 'x', file: null }],
      expiresAt: '2020-01-01T00:00:00Z',
      waitSeconds: 56,
    },
    [PDF],
  );
  const paths = ((answer?.['fieldErrors'] ?? []) as unknown as readonly { path: string[] }[]).map(
    ({ path }) => path.join('.'),
  );
  expect(paths.toSorted()).toEqual([
    'documents.0.title',
    'dossier.create.supportEmail',
    'dossier.create.title',
    'expiresAt',
    'signer.id',
    'waitSeconds',
  ]);
  expect(world.sandbox.journal.entries()).toEqual([]);
});

describe('a key', () => {
  test('returns the same request for a retry with the same files', async () => {
    const world = await startGateway();
    const first = await requestSignature(world, KEY, [PDF, LARGE_PDF]);
    expect(await requestSignature(world, KEY, [PDF, LARGE_PDF])).toEqual(first);
    expect(effects(world)).toEqual({ dossiers: 1, requests: 1, files: 2, notifications: 1 });
  });

  test('is a conflict with another file, or another input', async () => {
    const world = await startGateway();
    await requestSignature(world, KEY, [PDF]);
    const conflict = { __typename: 'IdempotencyConflictError' };
    expect(await requestSignature(world, KEY, [OTHER_PDF])).toMatchObject(conflict);
    expect(await requestSignature(world, { ...KEY, notify: false }, [PDF])).toMatchObject(conflict);
    expect(effects(world)).toEqual({ dossiers: 1, requests: 1, files: 1, notifications: 1 });
  });

  test('creates one request for concurrent calls', async () => {
    const world = await startGateway();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => requestSignature(world, KEY, [PDF, OTHER_PDF])),
    );
    expect(new Set(answers.map((answer) => answer?.['signatureRequest']?.['id'])).size).toBe(1);
    expect(effects(world)).toEqual({ dossiers: 1, requests: 1, files: 2, notifications: 1 });
  });
});

test('a rejected document is reported with its reasons, and a corrected file replaces it', async () => {
  const world = await startGateway();
  const rejected = { documents: [{ title: 'Contratto', file: null, fields: NO_SUCH_FIELD }] };
  const input = { ...KEY, ...rejected };
  expect(await requestSignature(world, input, [PDF])).toMatchObject({
    __typename: 'RequestSignatureIncompleteError',
    step: 'UPLOAD_DOCUMENTS',
    cause: { __typename: 'DocumentRejectedError', reasons: [expect.stringContaining('not found')] },
    progress: { signatureRequest: { status: 'DRAFT', documents: [{ status: 'REJECTED' }] } },
  });
  const better = await makePdf({ signatureFields: ['Signature1'] });
  expect(await requestSignature(world, input, [better])).toEqual(done([better]));
  expect(effects(world)).toEqual({ dossiers: 1, requests: 1, files: 2, notifications: 1 });
});

const NO_SUCH_FIELD = [
  { clause: { title: 'Firma del contratto', type: 'REQUIRED' }, position: { uniqueName: 'Signature1' } },
];

test('an unknown citizen is reported before anything is created', async () => {
  const world = await startGateway();
  const signer = { fiscalCode: 'AAABBB00A00A000A' };
  world.sandbox.faults.add({ kind: 'status', status: 404, operation: 'getSignerByFiscalCode' });
  expect(await requestSignature(world, { signer }, [PDF])).toMatchObject({
    step: 'FIND_SIGNER',
    cause: { __typename: 'SignerUnavailableError' },
    progress: { signerId: null, dossierId: null, signatureRequest: null },
  });
  expect(effects(world)).toEqual({ dossiers: 0, requests: 0, files: 0, notifications: 0 });
});

const FIX_IT = 'Fix the cause and retry with the same idempotencyKey, or continue with the single mutations.';
const RETRY = 'A retry with the same idempotencyKey continues from this step.';

test.each<[string, DomainError, string]>([
  [
    'the service fails',
    new ServiceFaultError(new UpstreamFault('UPSTREAM_UNAVAILABLE', { cause: undefined })),
    RETRY,
  ],
  ['IO fails', new SignerUnavailableError('PROFILE_UNAVAILABLE'), RETRY],
  ['documents are being validated', new DocumentsNotReadyError([]), RETRY],
  ['the signature is being prepared', new WrongStatusError('READY', ['WAIT_FOR_SIGNATURE']), RETRY],
  ['the request is cancelled', new WrongStatusError('CANCELLED', ['DRAFT']), FIX_IT],
  ['a file did not arrive', new UploadInterruptedError(), RETRY],
  ['the citizen does not use IO', new SignerUnavailableError('NO_IO_PROFILE'), FIX_IT],
  ['a file is not a PDF', new NotAPdfError(), FIX_IT],
  ['the outcome is unknown, which its message explains', new OutcomeUnknownError('FORGOTTEN_KEY'), ''],
])('the message of a step says what to do when %s', (_, cause, advice) => {
  const nothing = {
    signerId: undefined,
    dossierId: undefined,
    signatureRequestId: undefined,
    signatureRequest: undefined,
  };
  const { message } = new RequestSignatureIncompleteError('FIND_SIGNER', cause, nothing);
  expect(message).toBe(`Step FIND_SIGNER: ${cause.message} ${advice}`.trim());
  const created = { ...nothing, dossierId: 'd1' };
  expect(new RequestSignatureIncompleteError('UPLOAD_DOCUMENTS', cause, created).message).toBe(
    `Step UPLOAD_DOCUMENTS: ${cause.message} The effects of the earlier steps remain. ${advice}`.trim(),
  );
});

/** The upstream operation of each step. The gateway retries reads, so faults stay until they are cleared. */
const STEPS: readonly (readonly [operation: string, step: string])[] = [
  ['getSignerByFiscalCode', 'FIND_SIGNER'],
  ['createDossier', 'CREATE_DOSSIER'],
  ['createSignatureRequest', 'CREATE_SIGNATURE_REQUEST'],
  ['getDocumentUploadUrl', 'UPLOAD_DOCUMENTS'],
  ['putBlob', 'UPLOAD_DOCUMENTS'],
  ['setSignatureRequestStatus', 'MARK_READY'],
  ['sendNotification', 'NOTIFY_SIGNER'],
  // Each wait reads the request, and a write without an answer is read back.
  ['getSignatureRequest', 'UPLOAD_DOCUMENTS'],
];
/** The timeout of an upstream call. The service performs a write that takes slightly longer. */
const TIMEOUT_MS = 500;

const FAULTS: Readonly<Record<string, Fault>> = {
  'a 500': { kind: 'status', status: 500 },
  'a 429': { kind: 'status', status: 429 },
  'a connection lost before the call': { kind: 'reset', when: 'before' },
  'a lost answer': { kind: 'reset', when: 'after' },
  'half an answer': { kind: 'reset', when: 'middle' },
  'a late answer': { kind: 'latency', ms: TIMEOUT_MS + 100 },
  'an answer that is not JSON': { kind: 'malformed-body' },
  'a truncated answer': { kind: 'truncated-body' },
  'a page of a proxy': { kind: 'wrong-content-type' },
  'an error page of a proxy': { kind: 'wrong-content-type', status: 502 },
  'a revoked API key': { kind: 'status', status: 401 },
  'an API key unknown to API Management': { kind: 'status', status: 401, envelope: 'gateway' },
};

describe.each(STEPS)('%s', (operation, step) => {
  test.each(Object.entries(FAULTS))('fails with %s, and a retry continues from it', async (_, fault) => {
    const world = await startGateway({ idempotency, upstreamTimeoutMs: TIMEOUT_MS });
    world.sandbox.faults.add({ ...fault, operation } as Fault);
    const answer = (await requestSignature(world, KEY, [PDF, OTHER_PDF])) as Json;
    // If the answer was lost, the gateway may have found by a read that the step was performed.
    if (answer['__typename'] !== ('RequestSignaturePayload' as unknown as Json))
      expect(answer).toMatchObject({
        __typename: 'RequestSignatureIncompleteError',
        step,
        cause: { code: expect.stringMatching(/^(SERVICE_FAULT|OUTCOME_UNKNOWN)$/) },
      });
    world.sandbox.faults.clear();
    expect(await requestSignature(world, KEY, [PDF, OTHER_PDF])).toEqual(done([PDF, OTHER_PDF]));
    const { dossiers, requests, notifications } = effects(world);
    expect({ requests, notifications }).toEqual({ requests: 1, notifications: 1 });
    // The service has no list of dossiers in which the gateway could find one that was created without an answer.
    expect(dossiers).toBeLessThanOrEqual(operation === 'createDossier' ? 2 : 1);
  });
});

test('after a restart that lost the key, a READY request is reported and not created again, except without a key', async () => {
  const world = await startGateway();
  const { requests } = await world.sandbox.seed({ requests: [{}] });
  const input = { dossier: { id: requests[0]?.dossierId }, notify: false };
  const made = await requestSignature(world, { ...KEY, ...input }, [PDF]);
  const { url, origin } = world.sandbox;
  const restarted = await startGateway({ apiUrl: new URL(url), storageHosts: [origin] });
  expect(await requestSignature(restarted, { ...KEY, ...input }, [PDF])).toMatchObject({
    step: 'CREATE_SIGNATURE_REQUEST',
    cause: { __typename: 'OutcomeUnknownError' },
    message: expect.stringContaining('retry without an idempotencyKey'),
    progress: { signatureRequest: { id: made?.['signatureRequest']?.['id'] } },
  });
  expect(effects(world).requests).toBe(1);
  expect(await requestSignature(restarted, input, [PDF])).toMatchObject({
    signatureRequest: { status: 'WAIT_FOR_SIGNATURE' },
  });
  expect(effects(world).requests).toBe(2);
});
