import { PDFDocument } from 'pdf-lib';
import { describe, expect, test } from 'vitest';
import { MAGIC_VALUES } from '../../mocks/sandbox/model/scenarios.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { expectNoSecrets, logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

/* Each magic value, used through GraphQL only, without the control API of the sandbox. */

const FISCAL_CODE = 'SPNDNL80R13C555X';
const FIELDS = [
  {
    clause: { title: 'Firma del contratto', type: 'REQUIRED' },
    position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
  },
];

const CREATE_DOSSIER = `mutation ($input: CreateDossierInput!) { createDossier(input: $input) {
  ... on CreateDossierPayload { dossier { id } } } }`;
const FIND_SIGNER = `mutation ($input: FindSignerInput!) { findSigner(input: $input) {
  __typename ... on FindSignerPayload { signer { id } } ... on SignerUnavailableError { reason } } }`;
const CREATE_REQUEST = `mutation ($input: CreateSignatureRequestInput!) { createSignatureRequest(input: $input) {
  ... on CreateSignatureRequestPayload { signatureRequest { id documents { id } } } } }`;
const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename
  ... on UploadDocumentPayload { document { status } } ... on DocumentRejectedError { reasons } } }`;
const READ = `query ($id: ID!) { signatureRequest(id: $id) {
  status rejectReason signedAt rejectedAt qrCode { link } documents { status downloadUrl } } }`;

/** A gateway in front of a sandbox, by default with a minute of 60 ms. */
async function startWorld(timeScale = 0.001) {
  const logs = logSink();
  const gateway = await startGateway({ logger: logs.logger }, { timeScale });
  const { run, upload } = gateway;
  const ask = async (query: string, variables: object) => {
    const answer = await run(query, variables);
    expectNoSecrets(JSON.stringify(answer).replaceAll(/"downloadUrl":"[^"]*"/g, ''));
    logs.expectNoSecrets();
    return answer;
  };
  /** The result of a mutation, or its error. */
  const outcome = async (mutation: string, input: object): Promise<unknown> => {
    const answer = await ask(mutationOf(mutation), { input });
    return answer.data[mutation] ?? answer.errors?.map(({ extensions }) => extensions);
  };
  /** Performs the first three steps. */
  async function draft({ title = 'Contratti', document = 'Contratto', fiscalCode = FISCAL_CODE }) {
    const documents = [{ title: document, fields: FIELDS }];
    const made = await ask(CREATE_DOSSIER, { input: { title, documents } });
    const found = await ask(FIND_SIGNER, { input: { fiscalCode } });
    const input = {
      dossierId: made.data['createDossier']?.['dossier']?.['id'],
      signerId: found.data['findSigner']?.['signer']?.['id'],
    };
    const { data } = await ask(CREATE_REQUEST, { input });
    const request = data['createSignatureRequest']?.['signatureRequest'];
    return { signatureRequestId: String(request?.['id']), documentId: request?.['documents']?.[0]?.['id'] };
  }
  async function uploaded(target: object, waitSeconds = 10) {
    const input = { ...target, waitSeconds, file: null };
    return (await upload(UPLOAD, { input }, await makePdf())).data['uploadDocument'];
  }
  /** Performs all steps before the signature. */
  async function sent(titles: Parameters<typeof draft>[0]) {
    const target = await draft(titles);
    await uploaded(target);
    const { signatureRequestId } = target;
    expect(await outcome('markReady', { signatureRequestId })).toEqual({ __typename: 'MarkReadyPayload' });
    return signatureRequestId;
  }
  const read = async (id: string): Promise<Json | undefined> =>
    (await ask(READ, { id })).data['signatureRequest'];
  const becomes = (id: string, status: string) => expect.poll(() => read(id)).toMatchObject({ status });
  return { ...gateway, ask, outcome, draft, uploaded, sent, read, becomes };
}

type World = Awaited<ReturnType<typeof startWorld>>;

const unavailable = (reason: string) => ({ __typename: 'SignerUnavailableError', reason });

/** How `findSigner` ends for citizens who are not found. */
const SIGNERS: Readonly<Record<string, object>> = {
  SNZAPP80A01H501C: unavailable('NO_IO_PROFILE'),
  NONAMM80A01H501U: unavailable('SERVICE_DISABLED'),
  PRFERR80A01H501Y: unavailable('PROFILE_UNAVAILABLE'),
  TKNLMT80A01H501C: [{ code: 'RATE_LIMITED' }],
  LMTAPP80A01H501K: [{ code: 'RATE_LIMITED' }],
  SPNAPP80A01H501B: [{ code: 'UPSTREAM_UNAVAILABLE' }],
  NONTST80A01H501O: unavailable('NOT_A_TESTER'),
};

/** How `notifySigner` ends for citizens who are found. */
const NOTIFICATIONS: Readonly<Record<string, object>> = {
  XMSOFF80A01H501R: unavailable('SERVICE_DISABLED'),
  XAABBB00A00A000A: unavailable('SERVICE_DISABLED'), // any code that begins with X
  NTFAPP80A01H501G: unavailable('NO_IO_PROFILE'),
  NTFAMM80A01H501S: unavailable('SERVICE_DISABLED'),
  NTFPRF80A01H501Q: unavailable('PROFILE_UNAVAILABLE'),
  NTFERR80A01H501R: [{ code: 'UPSTREAM_UNAVAILABLE' }],
  NTFTKN80A01H501W: [{ code: 'RATE_LIMITED' }],
  NTFLMT80A01H501K: [{ code: 'RATE_LIMITED' }],
  NTFCNS80A01H501C: [{ code: 'UPSTREAM_UNAVAILABLE' }],
  NTFSPN80A01H501W: [{ code: 'UPSTREAM_UNAVAILABLE' }],
};

describe('a fiscal code', () => {
  test.each(Object.entries(SIGNERS))('%s is not found', async (fiscalCode, expected) => {
    const world = await startWorld();
    const result = await world.outcome('findSigner', { fiscalCode });
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toContain(fiscalCode);
    // A 429 is retried, because nothing was performed; a failure, because the lookup of a citizen is a read.
    const calls = /RATE_LIMITED|UPSTREAM_UNAVAILABLE/.test(JSON.stringify(expected)) ? 3 : 1;
    expect(world.sandbox.journal.entries()).toHaveLength(calls);
  });

  test.each(Object.entries(NOTIFICATIONS))(
    '%s is not notified, and can sign',
    async (fiscalCode, expected) => {
      const world = await startWorld();
      const signatureRequestId = await world.sent({ fiscalCode });
      expect(await world.outcome('notifySigner', { signatureRequestId })).toMatchObject(expected);
      // The QR code still opens the request.
      expect(await world.read(signatureRequestId)).toMatchObject({
        status: 'WAIT_FOR_SIGNATURE',
        qrCode: { link: expect.stringContaining(signatureRequestId) },
      });
      world.sandbox.citizen.sign(signatureRequestId);
      await world.becomes(signatureRequestId, 'SIGNED');
    },
  );
});

/** Every signed document of a request can be downloaded and opened, without a key. */
async function expectSignedFiles(world: World, id: string): Promise<void> {
  const { data } = await world.run(READ, { id });
  const documents = Object.values(data['signatureRequest']?.['documents'] ?? {});
  expect(documents).toHaveLength(1);
  for (const document of documents) {
    const response = await fetch(String(document?.['downloadUrl']));
    expect(response.status).toBe(200);
    const pdf = await PDFDocument.load(await response.arrayBuffer());
    expect(pdf.getPageCount()).toBe(1);
  }
}

const requestOf = ({ signatureRequestId }: { signatureRequestId: string }) => ({ signatureRequestId });
const ready = { status: 'READY' };
const payload = (status: string) => ({ __typename: 'UploadDocumentPayload', document: { status } });
const noDownload = [{ status: 'READY', downloadUrl: null }];

/** The effect of a tag in a title. */
const TITLES: Readonly<Record<string, (tag: string) => Promise<void>>> = {
  async '[rifiutato]'(document) {
    const world = await startWorld();
    const target = await world.draft({ document });
    const reason = '(Firma del contratto) the field "Firma1" was not found is the uploaded document';
    expect(await world.uploaded(target)).toEqual({ __typename: 'DocumentRejectedError', reasons: [reason] });
    expect(await world.outcome('markReady', requestOf(target))).toMatchObject({
      __typename: 'DocumentRejectedError',
      documents: [{ title: document, status: 'REJECTED', rejectReasons: [reason] }],
    });
  },

  async '[validazione lenta]'(document) {
    // Half a minute of the sandbox clock is 1.5 s.
    const world = await startWorld(0.05);
    const target = await world.draft({ document });
    expect(await world.uploaded(target, 0)).toEqual(payload('WAIT_FOR_UPLOAD'));
    expect(await world.outcome('markReady', { ...requestOf(target), waitSeconds: 0 })).toMatchObject({
      __typename: 'DocumentsNotReadyError',
    });
    // A retry after the pause succeeds.
    expect(await world.outcome('markReady', requestOf(target))).toEqual({ __typename: 'MarkReadyPayload' });
  },

  async '[mai validato]'(document) {
    const world = await startWorld();
    const target = await world.draft({ document });
    expect(await world.uploaded(target, 1)).toEqual(payload('WAIT_FOR_UPLOAD'));
    expect(await world.outcome('markReady', { ...requestOf(target), waitSeconds: 1 })).toMatchObject({
      __typename: 'DocumentsNotReadyError',
      documents: [{ title: document, status: 'WAIT_FOR_UPLOAD' }],
    });
  },

  async '[mai pronto]'(title) {
    const world = await startWorld();
    const target = await world.draft({ title });
    await world.uploaded(target);
    const input = { ...requestOf(target), waitSeconds: 1 };
    expect(await world.outcome('markReady', input)).toEqual({ __typename: 'MarkReadyPayload' });
    expect(await world.read(target.signatureRequestId)).toMatchObject({ ...ready, qrCode: null });
    expect(await world.outcome('notifySigner', input)).toMatchObject({
      __typename: 'WrongStatusError',
      ...ready,
    });
  },

  async '[firma dopo 10 s]'(title) {
    const world = await startWorld();
    const id = await world.sent({ title });
    await world.becomes(id, 'SIGNED');
    expect(await world.read(id)).toMatchObject({ signedAt: expect.any(String), rejectReason: null });
    await expectSignedFiles(world, id);
  },

  async '[firma fallita dopo 10 s]'(title) {
    const world = await startWorld();
    const id = await world.sent({ title });
    await world.becomes(id, 'REJECTED');
    expect(await world.read(id)).toMatchObject({
      rejectReason: 'Invalid response status from QTSP!',
      rejectedAt: expect.any(String),
      signedAt: null,
      documents: noDownload,
    });
  },

  async '[firma sospesa dopo 10 s]'(title) {
    const world = await startWorld();
    const id = await world.sent({ title });
    await expect.poll(() => world.sandbox.citizen.statusOf(id)).toBe('WAIT_FOR_QTSP');
    expect(await world.read(id)).toMatchObject({ status: 'WAIT_FOR_SIGNATURE', documents: noDownload });
  },

  async '[firma fallita]'(title) {
    const world = await startWorld();
    const id = await world.sent({ title });
    world.sandbox.citizen.sign(id);
    await world.becomes(id, 'REJECTED');
    expect(await world.read(id)).toMatchObject({ rejectReason: 'Invalid response status from QTSP!' });
  },

  async '[firma sospesa]'(title) {
    const world = await startWorld();
    const id = await world.sent({ title });
    world.sandbox.citizen.sign(id);
    expect(world.sandbox.citizen.statusOf(id)).toBe('WAIT_FOR_QTSP');
    // The citizen waits for the QTSP without end; the issuer can still cancel the request.
    expect(await world.outcome('cancelSignatureRequest', { signatureRequestId: id })).toEqual({
      __typename: 'CancelSignatureRequestPayload',
    });
    expect(await world.read(id)).toMatchObject({ status: 'CANCELLED' });
  },

  async '[annullo tardivo]'(title) {
    const world = await startWorld();
    const id = await world.sent({ title });
    expect(await world.outcome('cancelSignatureRequest', { signatureRequestId: id })).toMatchObject({
      __typename: 'WrongStatusError',
      status: 'SIGNED',
      allowed: ['WAIT_FOR_SIGNATURE'],
    });
    await expectSignedFiles(world, id);
  },

  async '[link assente]'(title) {
    const world = await startWorld();
    const id = await world.sent({ title });
    world.sandbox.citizen.sign(id);
    await world.becomes(id, 'SIGNED');
    // An unsigned URL that permits no download is not offered.
    expect(await world.read(id)).toMatchObject({ documents: noDownload });
  },
};

describe('a title with', () => {
  test.each(Object.entries(TITLES))('%s', (tag, scenario) => scenario(`Assunzione ${tag}`));
});

test('a signature without a magic value produces valid PDFs', async () => {
  const world = await startWorld();
  const id = await world.sent({});
  world.sandbox.citizen.sign(id);
  await world.becomes(id, 'SIGNED');
  await expectSignedFiles(world, id);
});

test('every magic value has a test here', () => {
  const met = [...Object.keys(SIGNERS), ...Object.keys(NOTIFICATIONS), ...Object.keys(TITLES)];
  const missing = MAGIC_VALUES.filter(({ value }) => !met.includes(value));
  expect(missing).toEqual([]);
});
