import { PDFDocument } from 'pdf-lib';
import { expect, test } from 'vitest';
import type { JournalFilter } from '../../mocks/sandbox/journal/journal.ts';
import { draftOf } from '../support/draft.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const START = new Date('2126-03-05T09:14:07.412Z');

const CREATE_UPLOAD_URL = `mutation ($input: CreateUploadUrlInput!) { createUploadUrl(input: $input) {
  ... on CreateUploadUrlPayload { method url expiresAt headers { name value } } } }`;
const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
  ... on UploadDocumentPayload { document { status } } } }`;
const MARK_READY = `mutation ($input: MarkReadyInput!) { markReady(input: $input) {
  ... on MarkReadyPayload { signatureRequest { status qrCode { link } } } } }`;
const NOTIFY = `mutation ($input: NotifySignerInput!) { notifySigner(input: $input) {
  ... on NotifySignerPayload { signatureRequest { notification { ioMessageId } } } } }`;
const READ = `query ($id: ID!) { signatureRequest(id: $id) { status signedAt documents { downloadUrl } } }`;

test('a request from an expired upload URL to the deletion of its file, on the clock of the sandbox', async () => {
  const gateway = await startGateway({}, { frozenAt: START });
  const { run, sandbox } = gateway;
  const { clock, citizen, journal } = sandbox;
  const [target] = await draftOf(gateway);
  const { signatureRequestId } = target;

  /** Advances the clock after the sandbox has received a call, while the operation waits. */
  async function passAfter<T>(call: JournalFilter, ms: number, operation: Promise<T>): Promise<T> {
    await Promise.race([journal.waitFor(call), operation]);
    await clock.advance(ms);
    return operation;
  }
  const uploadUrl = async () => {
    const { data } = await run(CREATE_UPLOAD_URL, { input: target });
    return data['createUploadUrl'];
  };
  const put = async (upload: Awaited<ReturnType<typeof uploadUrl>>) => {
    const response = await fetch(String(upload?.['url']), {
      method: String(upload?.['method']),
      headers: Object.values(upload?.['headers'] ?? {}).map((header): [string, string] => [
        String(header?.['name']),
        String(header?.['value']),
      ]),
      body: await makePdf(),
    });
    return [response.status, response.headers.get('x-ms-error-code')];
  };
  const read = async () => (await run(READ, { id: signatureRequestId })).data['signatureRequest'];
  const link = async () => String((await read())?.['documents']?.[0]?.['downloadUrl']);
  const answerOf = async (url: string) => {
    const response = await fetch(url);
    await response.arrayBuffer();
    return [response.status, response.headers.get('x-ms-error-code')];
  };

  // An upload URL is valid for 15 minutes.
  const late = await uploadUrl();
  expect(late).toMatchObject({ expiresAt: '2126-03-05T09:29:07.000Z' });
  await clock.advance(15 * MINUTE_MS);
  expect(await put(late)).toEqual([403, 'AuthenticationFailed']);
  const fresh = await uploadUrl();
  expect(fresh).toMatchObject({ expiresAt: '2126-03-05T09:44:07.000Z' });

  // `uploadDocument` requests a URL of its own, and waits for the outcome.
  const upload = gateway.upload(UPLOAD, { input: { ...target, file: null } }, await makePdf());
  const uploaded = await passAfter({ operationId: 'putBlob', status: 201 }, 3_000, upload);
  expect(uploaded.data).toEqual({ uploadDocument: { document: { status: 'READY' } } });

  const marking = run(MARK_READY, { input: { signatureRequestId } });
  const marked = await passAfter({ operationId: 'setSignatureRequestStatus' }, 5_000, marking);
  expect(marked.data['markReady']).toEqual({
    signatureRequest: {
      status: 'WAIT_FOR_SIGNATURE',
      qrCode: { link: expect.stringContaining(signatureRequestId) },
    },
  });

  const notified = await run(NOTIFY, { input: { signatureRequestId } });
  expect(notified.data['notifySigner']).toEqual({
    signatureRequest: { notification: { ioMessageId: expect.stringMatching(/^\w{26}$/) } },
  });

  citizen.sign(signatureRequestId);
  await clock.advance(65_000);
  expect(await read()).toMatchObject({ status: 'SIGNED', signedAt: new Date(clock.now()).toISOString() });

  // A download URL is valid for 5 minutes, and each read returns a new one.
  const download = await link();
  const file = await fetch(download);
  expect((await PDFDocument.load(await file.arrayBuffer())).getPageCount()).toBe(1);
  await clock.advance(5 * MINUTE_MS);
  expect(await answerOf(download)).toEqual([403, 'AuthenticationFailed']);
  expect(await answerOf(await link())).toEqual([200, null]);

  // The service deletes files after 90 days, but still returns a URL.
  await clock.advance(90 * DAY_MS);
  expect(await read()).toMatchObject({ status: 'SIGNED' });
  expect(await answerOf(await link())).toEqual([404, 'BlobNotFound']);
  expect(sandbox.storedBlobs()).toEqual([]);
});
