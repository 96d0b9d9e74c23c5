import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makePdf } from '../support/pdf.ts';
import { NO_CONTENT, badRequest, invalid, notFound, shown, success } from './support-answers.ts';
import type { Shown } from './support-answers.ts';
import { issuerOf, START, sandboxForTest } from './support-issuer.ts';

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const noUploadUrl = (status: string) =>
  badRequest(`Unable to get the Upload Url. The Signature Request is in ${status} status`);
const METADATA =
  '{ title: string of length >= 3 and < 61, signatureFields: SignatureFields, pdfDocumentMetadata: { pages: Array<{ number: number >= 0, width: number >= 0, height: number >= 0 }>, formFields: Array<{ type: "PDFSignature", name: string }> } }';
const DOCUMENT = `{ id: non empty string, metadata: ${METADATA}, createdAt: IsoDateFromString, updatedAt: IsoDateFromString, status: "READY", uploadedAt: IsoDateFromString, url: string }`;
const RECORD = {
  base: '{ id: non empty string, signerId: non empty string, issuerId: non empty string, issuerEmail: string that represents an email address, issuerDescription: non empty string, issuerInternalInstitutionId: non empty string, issuerEnvironment: ("TEST" | "DEFAULT" | "INTERNAL"), issuerDepartment: string, dossierId: non empty string, dossierTitle: non empty string, createdAt: IsoDateFromString, updatedAt: IsoDateFromString, expiresAt: IsoDateFromString }',
  status: '{ status: "WAIT_FOR_SIGNATURE" }',
  rest: `{ qrCodeUrl: string, documents: Array<${DOCUMENT}>, notification: undefined }`,
};
const WHOLE = `(${RECORD.base} & ${RECORD.status} & ${RECORD.rest})`;
const wrongStatus = (status: string) =>
  `Invalid value "${status}" supplied to : ${WHOLE}/1: ${RECORD.status}/status: "WAIT_FOR_SIGNATURE"`;
const noQrCode = `Invalid value undefined supplied to : ${WHOLE}/2: ${RECORD.rest}/qrCodeUrl: string`;
const notifiedAlready = (id: string) =>
  `Invalid value {"ioMessageId":"${id}"} supplied to : ${WHOLE}/2: ${RECORD.rest}/notification: undefined`;
/** The violations of a document that is not READY. */
const notReady = (index: number, value: string, member: string) =>
  `Invalid value ${value} supplied to : ${WHOLE}/2: ${RECORD.rest}/documents: Array<${DOCUMENT}>/${index}: ${DOCUMENT}/${member}`;
const neverUploaded = (index: number) => [
  notReady(index, '"WAIT_FOR_UPLOAD"', 'status: "READY"'),
  notReady(index, 'undefined', 'uploadedAt: IsoDateFromString/0: UtcOnlyIsoDateFromString'),
  notReady(index, 'undefined', 'uploadedAt: IsoDateFromString/1: TimezoneOnlyIsoDateFromString'),
  notReady(index, 'undefined', 'url: string'),
];
const rejectedDocument = (index: number) => [
  notReady(index, '"REJECTED"', 'status: "READY"'),
  notReady(index, 'undefined', 'url: string'),
];

/** The cells of the manual's state table, in the order READY, CANCELLED, upload URL, notification. */
const table: Readonly<
  Record<string, readonly [ready: Shown, cancelled: Shown, uploadUrl: Shown, notification: Shown]>
> = {
  DRAFT: [
    badRequest('MARK_AS_READY is not possible unless all documents are READY'),
    badRequest('MARK_AS_CANCELLED is prohibited if the signature request is in DRAFT status'),
    success(200, expect.stringContaining('sig=')),
    invalid([wrongStatus('DRAFT'), noQrCode, ...neverUploaded(0)]),
  ],
  READY: [
    badRequest('Signature Request is already in READY status'),
    badRequest('MARK_AS_CANCELLED is prohibited if the signature request is in READY status'),
    noUploadUrl('READY'),
    invalid([wrongStatus('READY'), noQrCode]),
  ],
  WAIT_FOR_SIGNATURE: [
    badRequest('MARK_AS_READY is prohibited if the signature request is in WAIT_FOR_SIGNATURE status'),
    NO_CONTENT,
    noUploadUrl('WAIT_FOR_SIGNATURE'),
    success(200, { io_message_id: expect.stringMatching(ULID) }),
  ],
  SIGNED: [
    badRequest('MARK_AS_READY is prohibited because the signature request has already been signed'),
    badRequest('MARK_AS_CANCELLED is prohibited because the signature request has already been signed'),
    noUploadUrl('SIGNED'),
    invalid([wrongStatus('SIGNED')]),
  ],
  ...Object.fromEntries(
    ['REJECTED', 'CANCELLED'].map((status) => [
      status,
      [
        badRequest('Invalid status'),
        badRequest('Invalid status'),
        noUploadUrl(status),
        invalid([wrongStatus(status)]),
      ],
    ]),
  ),
};
const actions = ['READY', 'CANCELLED', 'upload URL', 'notification'];

describe.each(Object.keys(table))('in %s', (status) => {
  // Conforms (Signature requests, service): READY and CANCELLED in each of the six statuses: 204, or 400 with
  // the words of the service.
  // Conforms (Documents, service): Upload URLs are available in DRAFT only; any other status is a 400.
  // Conforms (Notification, service): A notification in WAIT_FOR_SIGNATURE is a 200, in each other status a
  // 422 with a violation for each member of the record that does not permit a notification, with the exact text of the
  // service.
  test.each(actions.map((action, index) => ({ action, expected: table[status]?.[index] })))(
    'answers $action as the service does',
    async ({ action, expected }) => {
      const { issuer, id, documentId } = await requestIn(status);
      const attempts = new Map([
        ['READY', () => issuer.setStatus(id, 'READY')],
        ['CANCELLED', () => issuer.setStatus(id, 'CANCELLED')],
        [
          'upload URL',
          () => issuer.call('GET', `/signature-requests/${id}/documents/${documentId}/upload_url`),
        ],
        ['notification', () => issuer.notify(id)],
      ]);
      const answer = await attempts.get(action)?.();
      expect(answer && shown(answer)).toEqual(expected);
    },
  );
});

/** A request in a status, on a frozen clock. */
async function requestIn(status: string, notify = false) {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { clock, citizen } = sandbox;
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const result = { issuer, clock, citizen, id: request.id, documentId: request.documents[0]?.id };
  if (status === 'DRAFT') return result;
  await issuer.upload(request, await makePdf());
  await clock.advance(60_000);
  await issuer.until(request.id, ({ documents }) => documents[0]?.status === 'READY');
  expect(await issuer.setStatus(request.id, 'READY')).toMatchObject({ status: 204 });
  if (status === 'READY') return result;
  await clock.advance(60_000);
  await issuer.until(request.id, (now) => now.status === 'WAIT_FOR_SIGNATURE');
  if (notify) expect(await issuer.notify(request.id)).toMatchObject({ status: 200 });
  if (status === 'WAIT_FOR_SIGNATURE') return result;
  if (status === 'CANCELLED') await issuer.setStatus(request.id, 'CANCELLED');
  else citizen.sign(request.id, { outcome: status === 'SIGNED' ? 'signed' : { fails: REASON } });
  await clock.advance(65_000);
  expect(await issuer.read(request.id)).toMatchObject({ status });
  return result;
}

const REASON = 'Invalid response status from QTSP!';

// Conforms (Signature requests, service): READY is refused until all documents are READY.
test('is marked READY once all its documents are, and not before', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const request = await issuer.createRequest([{ title: 'Uno' }, { title: 'Due' }]);
  for (const document of request.documents) {
    expect(shown(await issuer.setStatus(request.id, 'READY'))).toEqual(table['DRAFT']?.[0]);
    await issuer.upload(request, await makePdf(), document.id);
    await issuer.until(request.id, ({ documents }) =>
      documents.some(({ id, status }) => id === document.id && status === 'READY'),
    );
  }
  expect(shown(await issuer.setStatus(request.id, 'READY'))).toEqual(NO_CONTENT);
});

// Conforms (Notification, service): A second notification is a 422.
test('notifies once, then answers 422', async () => {
  const { issuer, id } = await requestIn('WAIT_FOR_SIGNATURE');
  const { body } = await issuer.notify(id);
  const { io_message_id } = z.object({ io_message_id: z.string() }).parse(body);
  expect(shown(await issuer.notify(id))).toEqual(invalid([notifiedAlready(io_message_id)]));
});

// Conforms (Notification, service): A notified request that has ended has two violations, its status and the message.
test.each(['SIGNED', 'REJECTED', 'CANCELLED'])('does not notify again in %s', async (status) => {
  const { issuer, id } = await requestIn(status, true);
  expect(shown(await issuer.notify(id))).toEqual(
    invalid([wrongStatus(status), expect.stringMatching(/\/notification: undefined$/)]),
  );
});

// Conforms (Notification, service): In DRAFT each waiting document adds four violations, each rejected one two.
test('names each document that is not ready when a draft is notified', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest(['Uno', 'Due', 'Tre', 'Quattro'].map((title) => ({ title })));
  await issuer.upload(request, Buffer.from('no PDF'), request.documents[1]?.id);
  await issuer.upload(request, await makePdf(), request.documents[2]?.id);
  await sandbox.clock.advance(60_000);
  expect(shown(await issuer.notify(request.id))).toEqual(
    invalid([
      wrongStatus('DRAFT'),
      noQrCode,
      ...neverUploaded(0),
      ...rejectedDocument(1),
      ...neverUploaded(3),
    ]),
  );
});

const BASE = [
  'created_at',
  'documents',
  'dossier_id',
  'expires_at',
  'id',
  'signer_id',
  'status',
  'updated_at',
];

// Conforms (Signature requests, service): Each status has its own fields, which are never null; CANCELLED
// shows no notification.
test.each([
  ['DRAFT', false, []],
  ['READY', false, []],
  ['WAIT_FOR_SIGNATURE', false, ['qr_code_url']],
  ['WAIT_FOR_SIGNATURE', true, ['notification', 'qr_code_url']],
  ['SIGNED', false, ['signed_at']],
  ['SIGNED', true, ['notification', 'signed_at']],
  ['REJECTED', false, ['reject_reason', 'rejected_at']],
  ['REJECTED', true, ['notification', 'reject_reason', 'rejected_at']],
  ['CANCELLED', false, ['cancelled_at']],
  ['CANCELLED', true, ['cancelled_at']],
])('has in %s (notified: %s) the fields %j besides those of every status', async (status, notify, fields) => {
  const { issuer, id } = await requestIn(status, notify);
  const request = await issuer.read(id);
  expect(Object.keys(request).sort()).toEqual([...BASE, ...fields].sort());
  expect(JSON.stringify(request)).not.toContain('null');
  if (status === 'REJECTED') expect(request).toMatchObject({ reject_reason: REASON });
});

// Conforms (Signature requests, service): updated_at of a request changes with its status only.
test('changes updated_at with the status only', async () => {
  const { issuer, clock, citizen, id } = await requestIn('READY');
  const fiveSecondsLater = new Date(clock.now() + 5_000).toISOString();
  await clock.advance(60_000);
  expect(await issuer.read(id)).toMatchObject({
    status: 'WAIT_FOR_SIGNATURE',
    updated_at: fiveSecondsLater,
  });
  await issuer.notify(id);
  expect(await issuer.read(id)).toMatchObject({ updated_at: fiveSecondsLater });
  citizen.sign(id, { outcome: 'pending' });
  expect(await issuer.read(id)).toMatchObject({ updated_at: fiveSecondsLater });
  await clock.advance(1_000);
  await issuer.setStatus(id, 'CANCELLED');
  const cancelledAt = new Date(clock.now()).toISOString();
  expect(await issuer.read(id)).toMatchObject({ cancelled_at: cancelledAt, updated_at: cancelledAt });
});

// Conforms (Signature requests, service): READY becomes WAIT_FOR_SIGNATURE automatically after some seconds.
test('becomes WAIT_FOR_SIGNATURE automatically after some seconds', async () => {
  const { issuer, clock, id } = await requestIn('READY');
  await clock.advance(4_999);
  expect(await issuer.read(id)).toMatchObject({ status: 'READY' });
  await clock.advance(1);
  await issuer.until(id, ({ status }) => status === 'WAIT_FOR_SIGNATURE');
});

// Conforms (Errors, service): Each operation has its own text for a 404.
test.each([
  ['PUT', '/signature-requests/unknown/status', 'Signature request not found'],
  ['GET', '/signature-requests/unknown', 'Signature request not found'],
  [
    'GET',
    '/signature-requests/unknown/documents/d/upload_url',
    'The specified Signature Request does not exist.',
  ],
  ['PUT', '/signature-requests/unknown/notification', 'The specified Signature Request does not exist.'],
  ['GET', '/dossiers/unknown', 'The specified dossier was not found'],
  ['GET', '/dossiers/unknown/signature-requests', 'The specified dossier was not found'],
])('answers %s %s with the 404 of that operation', async (method, path, detail) => {
  const issuer = issuerOf(await sandboxForTest());
  const answer = await issuer.call(method, path, path.endsWith('/status') ? 'READY' : undefined);
  expect(shown(answer)).toEqual(notFound(detail));
});

// Conforms (Documents, service): An unknown document is a 404 in one word, after the status check.
test('names an unknown document in one word, after the status check', async () => {
  for (const [status, expected] of [
    ['DRAFT', notFound('Document')],
    ['READY', noUploadUrl('READY')],
  ] as const) {
    const { issuer, id } = await requestIn(status);
    const answer = await issuer.call('GET', `/signature-requests/${id}/documents/nope/upload_url`);
    expect(shown(answer)).toEqual(expected);
  }
});
