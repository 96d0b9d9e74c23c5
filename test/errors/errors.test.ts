import { expect, test, vi } from 'vitest';
import type { Dossier } from '../../src/upstream/decode.ts';
import type * as dossierResolver from '../../src/resolvers/dossier.ts';
import { draftOf, uploadsBody } from '../support/draft.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { multipartBody, PoliteClient } from '../support/multipart.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { rowsUnder } from '../support/errors-page.ts';
import { expectNoSecrets, refuses, startFailingGateway, UPSTREAM_WORDS } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

/** A gateway with a fault of its own: it cannot read the dossier `bug`. */
vi.mock('../../src/resolvers/dossier.ts', async (original) => {
  const { dossier } = await original<typeof dossierResolver>();
  return {
    dossier: async (...[context, id]: Parameters<typeof dossier>): Promise<Dossier | null> => {
      if (id === 'bug') throw new TypeError('undefined is not SPNDNL80R13C555X');
      return dossier(context, id);
    },
  };
});

type World = Awaited<ReturnType<typeof startFailingGateway>>;

interface Reply {
  readonly data?: Json | null;
  readonly errors?: readonly object[];
}

const FIELDS = [
  {
    clause: { title: 'Firma del contratto', type: 'REQUIRED' },
    position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
  },
];
const DOSSIER = { title: 'Contratti', documents: [{ title: 'Contratto', fields: FIELDS }] };
const FISCAL_CODE = 'SPNDNL80R13C555X';
const SIGNER_ID = '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11';
const AT = '2026-03-05T09:14:07.412Z';
/** A request that waits for its signature, as the service shows it. */
const WAITING = {
  id: 'r1',
  dossier_id: 'd1',
  signer_id: SIGNER_ID,
  status: 'WAIT_FOR_SIGNATURE',
  created_at: AT,
  updated_at: AT,
  expires_at: AT,
  documents: [],
  qr_code_url: 'https://qr',
};
const answers =
  (body: unknown): StubHandler =>
  (_, res) =>
    sendJson(res, 200, body);

/** Runs a mutation and returns its result, or the whole answer when there is none. */
async function outcome(world: World, mutation: string, input: object): Promise<unknown> {
  const answer: Reply = await world.run(mutationOf(mutation), { input });
  expectNoSecrets(JSON.stringify(answer));
  return answer.data?.[mutation] ?? answer;
}

async function uploaded(world: World, content: Buffer): Promise<unknown> {
  const [target] = await draftOf(world);
  const answer: Reply = await world.upload(
    mutationOf('uploadDocument'),
    { input: { ...target, file: null } },
    new Uint8Array(content),
  );
  expectNoSecrets(JSON.stringify(answer));
  return answer.data?.['uploadDocument'] ?? answer;
}

async function validated(world: World, content: Buffer): Promise<unknown> {
  const query = mutationOf('validateDocument');
  const answer: Reply = await world.upload(query, { input: { file: null } }, new Uint8Array(content));
  expectNoSecrets(JSON.stringify(answer));
  return answer.data?.['validateDocument'] ?? answer;
}

const error = (__typename: string, code: string, message: string, rest: object = {}) => ({
  __typename,
  code,
  message,
  ...rest,
});
const noRequest = error('NotFoundError', 'NOT_FOUND', 'No signature request has this id.', {
  resource: 'SIGNATURE_REQUEST',
});
const noDossier = error('NotFoundError', 'NOT_FOUND', 'No dossier has this id.', { resource: 'DOSSIER' });
const noDocument = error('NotFoundError', 'NOT_FOUND', 'No document of this signature request has this id.', {
  resource: 'DOCUMENT',
});
const invalid = (path: string[], message: string) =>
  error('InvalidInputError', 'INVALID_INPUT', [...path, message].join(': '), {
    fieldErrors: [{ path, message }],
  });
const unknownDossier = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer: the dossier may or may not have been created. Retry: a duplicate dossier has no effect, because citizens do not see a dossier without signature requests.',
);
const unknownRequest = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer: the signature request may or may not have been created. Retry with the same idempotencyKey: the gateway searches for the request before it creates another. Without a key, read the signature requests of the dossier first.',
);
const unknownStatus = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer, and the status of the signature request has not changed. It may still change. Retry: a second call has no further effect.',
);
const unknownNotification = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer: the notification may or may not have been sent. Retry: the service sends one notification per signature request.',
);
const refusedInput = invalid([], 'The service refused the input without naming the value.');
const unavailable = (reason: string, message: string) =>
  error('SignerUnavailableError', 'SIGNER_UNAVAILABLE', message, { reason });
const noProfile = unavailable(
  'NO_IO_PROFILE',
  'The citizen has never logged in to the IO app. Ask the citizen to log in, or sign on paper.',
);
const disabled = unavailable(
  'SERVICE_DISABLED',
  'The citizen has disabled this service in the IO app. If the signature request has a QR code, show the QR code or its link to the citizen.',
);
const profileFailed = unavailable(
  'PROFILE_UNAVAILABLE',
  'The service could not read the IO profile of the citizen. Retry later.',
);
const unreadable = error(
  'UnreadablePdfError',
  'UNREADABLE_PDF',
  'The service could not open the PDF: it is damaged, encrypted or protected by a password. Save it without protection and retry.',
);
const wrongStatus = (status: string, allowed: string) =>
  error(
    'WrongStatusError',
    'WRONG_STATUS',
    `The signature request is in status ${status}, but must be in status ${allowed}.`,
    { status, allowed: [allowed] },
  );

const UNKNOWN = '01KJYMD75M8Q4V6W9X0Y2Z7A1C';

/** A gateway whose request has been sent to its signer. */
async function sent(world: World): Promise<string> {
  const [target] = await draftOf(world);
  await world.upload(
    mutationOf('uploadDocument'),
    { input: { ...target, file: null } },
    new Uint8Array(await makePdf()),
  );
  const { signatureRequestId } = target;
  expect(await outcome(world, 'markReady', { signatureRequestId })).toEqual({
    __typename: 'MarkReadyPayload',
  });
  return signatureRequestId;
}

/** Errors in results that the sandbox can bring about by itself, or the gateway decides alone. */
const RESULTS: readonly {
  code: string;
  when: string;
  options?: Parameters<typeof startFailingGateway>[0];
  provoke: (world: World) => Promise<unknown>;
  expected: object;
}[] = [
  {
    code: 'INVALID_INPUT',
    when: 'a rule is broken',
    provoke: (world) => outcome(world, 'createDossier', { ...DOSSIER, title: '' }),
    expected: invalid(['title'], 'The title of the dossier must not be empty.'),
  },
  {
    code: 'NOT_FOUND',
    when: 'there is no such request',
    provoke: (world) => outcome(world, 'markReady', { signatureRequestId: UNKNOWN }),
    expected: noRequest,
  },
  {
    code: 'NOT_FOUND',
    when: 'there is no such request to cancel',
    provoke: (world) => outcome(world, 'cancelSignatureRequest', { signatureRequestId: UNKNOWN }),
    expected: noRequest,
  },
  {
    code: 'NOT_FOUND',
    when: 'an id means another path',
    provoke: (world) => outcome(world, 'notifySigner', { signatureRequestId: '../dossiers/x' }),
    expected: noRequest,
  },
  {
    code: 'NOT_FOUND',
    when: 'there is no such dossier',
    provoke: (world) => outcome(world, 'createSignatureRequest', { dossierId: UNKNOWN, signerId: SIGNER_ID }),
    expected: noDossier,
  },
  {
    code: 'NOT_FOUND',
    when: 'the request has no such document',
    provoke: async (world) => {
      const [{ signatureRequestId }] = await draftOf(world);
      return outcome(world, 'createUploadUrl', { signatureRequestId, documentId: UNKNOWN });
    },
    expected: noDocument,
  },
  {
    code: 'WRONG_STATUS',
    when: 'a draft is cancelled',
    provoke: async (world) => {
      const [{ signatureRequestId }] = await draftOf(world);
      return outcome(world, 'cancelSignatureRequest', { signatureRequestId });
    },
    expected: wrongStatus('DRAFT', 'WAIT_FOR_SIGNATURE'),
  },
  {
    code: 'WRONG_STATUS',
    when: 'a cancelled request is marked',
    provoke: async (world) => {
      const signatureRequestId = await sent(world);
      expect(await outcome(world, 'cancelSignatureRequest', { signatureRequestId })).toEqual({
        __typename: 'CancelSignatureRequestPayload',
      });
      expect(await outcome(world, 'cancelSignatureRequest', { signatureRequestId })).toEqual(
        wrongStatus('CANCELLED', 'WAIT_FOR_SIGNATURE'),
      );
      return outcome(world, 'markReady', { signatureRequestId });
    },
    expected: wrongStatus('CANCELLED', 'DRAFT'),
  },
  {
    code: 'WRONG_STATUS',
    when: 'the request leaves DRAFT between the look at it and the upload address',
    provoke: async (world) => {
      const [target] = await draftOf(world);
      world.fail('getDocumentUploadUrl', (_, res) => {
        world.fail('getSignatureRequest', answers({ ...WAITING, status: 'READY' }));
        sendJson(res, 400, { title: 'Bad Request', status: 400, detail: UPSTREAM_WORDS });
      });
      return outcome(world, 'createUploadUrl', target);
    },
    expected: wrongStatus('READY', 'DRAFT'),
  },
  {
    code: 'WRONG_STATUS',
    when: 'a notification is refused because the request has just been signed',
    provoke: async (world) => {
      world.fail('getSignatureRequest', answers(WAITING));
      world.fail('sendNotification', (_, res) => {
        world.fail('getSignatureRequest', answers({ ...WAITING, status: 'SIGNED' }));
        sendJson(res, 422, { title: UPSTREAM_WORDS, status: 422 });
      });
      return outcome(world, 'notifySigner', { signatureRequestId: 'r1' });
    },
    expected: wrongStatus('SIGNED', 'WAIT_FOR_SIGNATURE'),
  },
  {
    code: 'DOCUMENTS_NOT_READY',
    when: 'nothing was uploaded',
    provoke: async (world) => {
      const [{ signatureRequestId }] = await draftOf(world);
      return outcome(world, 'markReady', { signatureRequestId, waitSeconds: 0 });
    },
    expected: error(
      'DocumentsNotReadyError',
      'DOCUMENTS_NOT_READY',
      'The document “Documento 1” was not ready. Upload missing files, or retry in a moment if the service is still validating them.',
      { documents: [{ title: 'Documento 1', status: 'WAIT_FOR_UPLOAD', rejectReasons: [] }] },
    ),
  },
  {
    code: 'DOCUMENT_REJECTED',
    when: 'a PDF is cut off',
    provoke: async (world) => uploaded(world, (await makePdf()).subarray(0, 200)),
    expected: error(
      'DocumentRejectedError',
      'DOCUMENT_REJECTED',
      'The document “Documento 1” was rejected by the service. See the reasons, then upload a corrected PDF.',
      {
        reasons: [expect.stringMatching(/./)],
        documents: [
          { title: 'Documento 1', status: 'REJECTED', rejectReasons: [expect.stringMatching(/./)] },
        ],
      },
    ),
  },
  {
    code: 'SIGNER_UNAVAILABLE',
    when: 'a test key does not list the citizen',
    provoke: (world) => {
      world.fail('getSignerByFiscalCode', refuses(403));
      return outcome(world, 'findSigner', { fiscalCode: FISCAL_CODE });
    },
    expected: unavailable('NOT_A_TESTER', expect.stringContaining('does not list the citizen as a tester')),
  },
  {
    code: 'IDEMPOTENCY_CONFLICT',
    when: 'a key comes again with another input',
    provoke: async (world) => {
      const idempotencyKey = 'a key';
      await outcome(world, 'createDossier', { ...DOSSIER, idempotencyKey });
      return outcome(world, 'createDossier', { ...DOSSIER, title: 'Altri contratti', idempotencyKey });
    },
    expected: error(
      'IdempotencyConflictError',
      'IDEMPOTENCY_CONFLICT',
      'This idempotencyKey was used before with a different input. The mutation had no effect. Use a new key for a new operation.',
    ),
  },
  {
    code: 'OUTCOME_UNKNOWN',
    when: 'the connection breaks before a dossier is answered',
    provoke: (world) => {
      world.fail('createDossier', (_, __, req) => void req.socket.resetAndDestroy());
      return outcome(world, 'createDossier', DOSSIER);
    },
    expected: unknownDossier,
  },
  {
    code: 'ALREADY_NOTIFIED',
    when: 'the citizen is notified twice',
    provoke: async (world) => {
      const signatureRequestId = await sent(world);
      expect(await outcome(world, 'notifySigner', { signatureRequestId })).toEqual({
        __typename: 'NotifySignerPayload',
      });
      return outcome(world, 'notifySigner', { signatureRequestId });
    },
    expected: error(
      'AlreadyNotifiedError',
      'ALREADY_NOTIFIED',
      'The citizen was already notified. The service sends one notification per signature request.',
      { ioMessageId: expect.stringMatching(/^\w{26}$/) },
    ),
  },
  {
    code: 'ALREADY_NOTIFIED',
    when: 'somebody else notifies at the same moment',
    provoke: async (world) => {
      world.fail('getSignatureRequest', answers(WAITING));
      world.fail('sendNotification', (_, res) => {
        world.fail('getSignatureRequest', answers({ ...WAITING, notification: { io_message_id: 'm1' } }));
        sendJson(res, 422, { title: UPSTREAM_WORDS, status: 422 });
      });
      return outcome(world, 'notifySigner', { signatureRequestId: 'r1' });
    },
    expected: error('AlreadyNotifiedError', 'ALREADY_NOTIFIED', expect.any(String), { ioMessageId: 'm1' }),
  },
  // The second arrives in one piece with the operation, before anybody asks for it.
  ...[200_000, 500].map((limitBytes) => ({
    code: 'FILE_TOO_LARGE',
    when: `a file has a byte more than ${limitBytes}`,
    options: { maxUploadBytes: limitBytes },
    provoke: (world: World) => uploaded(world, Buffer.from(`%PDF-${'x'.repeat(limitBytes - 4)}`)),
    expected: error(
      'FileTooLargeError',
      'FILE_TOO_LARGE',
      `The file exceeds the limit of ${limitBytes} bytes. Nothing was stored. Upload a smaller file.`,
      { limitBytes },
    ),
  })),
  {
    code: 'NOT_A_PDF',
    when: 'a file does not begin as a PDF',
    provoke: (world) => uploaded(world, Buffer.from('PK and more')),
    expected: error(
      'NotAPdfError',
      'NOT_A_PDF',
      'The file is not a PDF: it does not start with “%PDF-”. Nothing was stored. Upload a PDF.',
    ),
  },
  {
    code: 'EMPTY_FILE',
    when: 'a file has no bytes',
    provoke: (world) => uploaded(world, Buffer.alloc(0)),
    expected: error('EmptyFileError', 'EMPTY_FILE', 'The file is empty. Nothing was stored. Upload a PDF.'),
  },
  {
    code: 'UNREADABLE_PDF',
    when: 'the service cannot open a PDF that is only checked',
    provoke: (world) => validated(world, Buffer.from('%PDF-1.7 and nothing else')),
    expected: unreadable,
  },
  {
    code: 'FILE_ORDER',
    when: 'a large file comes before the one that is used first',
    provoke: async (world) => {
      const targets = await draftOf(world, 2);
      const large = Buffer.from(`%PDF-${'x'.repeat(5 * 1024 * 1024)}`);
      const answer = await post(world, uploadsBody(targets, { b: large, a: await makePdf() }));
      return answer.body.data['a'];
    },
    expected: {
      __typename: 'FileOrderError',
      code: 'FILE_ORDER',
      message:
        'The files did not arrive in the order of the fields that use them. Nothing was stored. Send the files in that order.',
    },
  },
  {
    code: 'UPLOAD_INTERRUPTED',
    when: 'the body ends inside the file',
    provoke: async (world) => {
      const targets = await draftOf(world);
      const body = uploadsBody(targets, { a: await makePdf() });
      return (await post(world, body.subarray(0, -100))).body.data['a'];
    },
    expected: {
      __typename: 'UploadInterruptedError',
      code: 'UPLOAD_INTERRUPTED',
      message: 'The file did not arrive completely. Nothing was stored. Send it again.',
    },
  },
];

async function post(world: World, body: Buffer) {
  using client = new PoliteClient(Number(new URL(world.url).port));
  const answer = await client.post(body);
  expectNoSecrets(JSON.stringify(answer));
  return answer;
}

test.each(RESULTS)('$code when $when', async ({ code, options, provoke, expected }) => {
  const world = await startFailingGateway(options);
  const answer = await provoke(world);
  expect(world.logs.lines()).toEqual([]);
  expect(answer).toEqual(expected);
  expect(answer).toMatchObject({ code });
  // Outcomes that callers act on are not the operator's business.
  expect(world.logs.lines()).toEqual([]);
});

const PROFILE_REFUSED = 'You are not allowed to issue requests for this user!';
const PROFILE_FAILED = 'An error occurred while getting the profile!';
const MESSAGE_FAILED = 'An error occurred while sending the message!';
const NOT_ALLOWED = 'It is not allowed to send a message to this user.';

/** The lines of the table that are about one operation: what the service does, and what the caller is told. */
const ROWS: readonly (readonly [operation: string, kind: string, words: string, expected: unknown])[] = [
  ['createDossier', 'unprocessable', '', refusedInput],
  ['createDossier', 'timeout', '', unknownDossier],
  ['createDossier', 'connection-lost', '', unknownDossier],
  ['getDossier', 'not-found', '', { data: { dossier: null } }],
  ['getRequestsByDossier', 'not-found', '', { data: { dossier: { signatureRequests: null } } }],
  ['getSignerByFiscalCode', 'unprocessable', '', refusedInput],
  ['getSignerByFiscalCode', 'not-found', '', noProfile],
  [
    'getSignerByFiscalCode',
    'forbidden',
    '',
    unavailable(
      'NOT_A_TESTER',
      'The API key is a test key that does not list the citizen as a tester or does not allow the IP address of the gateway. Add the citizen or the address to the key.',
    ),
  ],
  ['getSignerByFiscalCode', 'bad-request', PROFILE_REFUSED, disabled],
  ['getSignerByFiscalCode', 'bad-request', PROFILE_FAILED, profileFailed],
  ['createSignatureRequest', 'not-found', '', noDossier],
  [
    'createSignatureRequest',
    'bad-request',
    'Invalid expire date.',
    invalid(['expiresAt'], 'The expiry must be in the future.'),
  ],
  ['createSignatureRequest', 'unprocessable', '', refusedInput],
  ['createSignatureRequest', 'timeout', '', unknownRequest],
  ['createSignatureRequest', 'connection-lost', '', unknownRequest],
  ['getSignatureRequest', 'not-found', '', noRequest],
  ['getDocumentUploadUrl', 'not-found', 'Document', noDocument],
  ['getDocumentUploadUrl', 'not-found', '', noRequest],
  ['setSignatureRequestStatus', 'not-found', '', noRequest],
  ['setSignatureRequestStatus', 'timeout', '', unknownStatus],
  ['setSignatureRequestStatus', 'connection-lost', '', unknownStatus],
  ['sendNotification', 'not-found', 'User profile not found!', noProfile],
  ['sendNotification', 'not-found', '', noRequest],
  ['sendNotification', 'bad-request', NOT_ALLOWED, disabled],
  ['sendNotification', 'bad-request', PROFILE_REFUSED, disabled],
  ['sendNotification', 'bad-request', PROFILE_FAILED, profileFailed],
  ['sendNotification', 'timeout', '', unknownNotification],
  ['sendNotification', 'connection-lost', '', unknownNotification],
  ['validateDocument', 'unprocessable', '', refusedInput],
  ['validateDocument', 'server-error', 'Error', unreadable],
  ['validateDocument', 'server-error', 'RangeError', unreadable],
  ['validateDocument', 'server-error', 'TypeError', unreadable],
];

/** What makes the gateway call each operation. */
const CALLERS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  createDossier: (world) => outcome(world, 'createDossier', DOSSIER),
  getDossier: (world) => world.run('{ dossier(id: "d1") { id } }'),
  async getRequestsByDossier(world) {
    const times = { created_at: AT, updated_at: AT };
    world.fail('getDossier', answers({ id: 'd1', title: 'x', documents_metadata: [], ...times }));
    return world.run('{ dossier(id: "d1") { signatureRequests { nodes { id } } } }');
  },
  getSignerByFiscalCode: (world) => outcome(world, 'findSigner', { fiscalCode: FISCAL_CODE }),
  createSignatureRequest: (world) =>
    outcome(world, 'createSignatureRequest', { dossierId: 'd1', signerId: SIGNER_ID }),
  getSignatureRequest: (world) => outcome(world, 'notifySigner', { signatureRequestId: 'r1' }),
  setSignatureRequestStatus(world) {
    world.fail('getSignatureRequest', answers(WAITING));
    return outcome(world, 'cancelSignatureRequest', { signatureRequestId: 'r1' });
  },
  async getDocumentUploadUrl(world) {
    const [target] = await draftOf(world);
    return outcome(world, 'createUploadUrl', target);
  },
  sendNotification(world) {
    world.fail('getSignatureRequest', answers(WAITING));
    return outcome(world, 'notifySigner', { signatureRequestId: 'r1' });
  },
  validateDocument: async (world) => validated(world, await makePdf()),
};

/** Failures that are no answer. */
const DOES: Readonly<Record<string, StubHandler>> = {
  timeout: () => {},
  'connection-lost': (_, __, req) => void req.socket.resetAndDestroy(),
};
const STATUS_OF: Readonly<Record<string, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  unprocessable: 422,
  'rate-limited': 429,
  'server-error': 500,
};

test.each(ROWS)('%s: %s %s', async (operation, kind, words, expected) => {
  const world = await startFailingGateway(kind === 'timeout' ? { upstreamTimeoutMs: 150 } : {});
  world.fail(operation, DOES[kind] ?? refuses(STATUS_OF[kind] ?? 0, words || UPSTREAM_WORDS));
  const answer = await CALLERS[operation]?.(world);
  expectNoSecrets(JSON.stringify(answer));
  expect(answer).toEqual(expected);
  expect(world.count(operation)).toBeGreaterThan(0);
  expect(world.logs.lines()).toEqual([]);
});

const FAULT_WORDS: Readonly<Record<string, string>> = {
  UPSTREAM_TIMEOUT:
    'Firma con IO did not answer in time: the operation may or may not have been performed. Read the current state before you retry.',
  UPSTREAM_UNAVAILABLE: 'Firma con IO is unavailable. Retry later.',
  UPSTREAM_REFUSED:
    'Firma con IO refused the API key or the IP address of the gateway, or has an outage. The operator must check the key and its allowed addresses.',
  UPSTREAM_CONTRACT:
    'The response of Firma con IO breaks its contract. Report the request id to the operator.',
  RATE_LIMITED: 'The rate limit of Firma con IO is exhausted. Retry later.',
};

/** The lines for any operation, shown with one of them. */
const FAULTS: readonly {
  kind: string;
  /** In the service's words, where the line is about these. */
  words?: string;
  code: string;
  operation?: 'createDossier' | 'sendNotification';
  does?: StubHandler;
  options?: Parameters<typeof startFailingGateway>[0];
  cause: string;
  extensions?: object;
}[] = [
  {
    kind: 'timeout',
    code: 'UPSTREAM_TIMEOUT',
    does: () => {},
    options: { upstreamTimeoutMs: 150 },
    cause: 'getDossier: timeout',
  },
  {
    kind: 'connection-lost',
    code: 'UPSTREAM_TIMEOUT',
    does: (_, __, req) => void req.socket.resetAndDestroy(),
    cause: 'getDossier: connection-lost',
  },
  {
    kind: 'unreachable',
    code: 'UPSTREAM_UNAVAILABLE',
    options: { apiUrl: new URL('http://127.0.0.1:1/api/v1/sign') },
    cause: 'getDossier: unreachable',
  },
  {
    kind: 'server-error',
    code: 'UPSTREAM_UNAVAILABLE',
    does: refuses(503),
    cause: 'getDossier: server-error (HTTP 503)',
  },
  {
    kind: 'unauthorized',
    code: 'UPSTREAM_REFUSED',
    does: refuses(401),
    cause: 'getDossier: unauthorized (HTTP 401)',
  },
  {
    kind: 'forbidden',
    code: 'UPSTREAM_REFUSED',
    does: refuses(403),
    cause: 'getDossier: forbidden (HTTP 403)',
  },
  {
    kind: 'rate-limited',
    code: 'RATE_LIMITED',
    does: refuses(429, UPSTREAM_WORDS, { 'retry-after': '90' }),
    cause: 'getDossier: rate-limited (HTTP 429)',
    extensions: { retryAfterSeconds: 90 },
  },
  {
    kind: 'bad-request',
    code: 'UPSTREAM_CONTRACT',
    does: refuses(400),
    cause: 'getDossier: bad-request (HTTP 400)',
  },
  {
    kind: 'not-found',
    code: 'UPSTREAM_CONTRACT',
    operation: 'createDossier',
    does: refuses(404),
    cause: 'createDossier: not-found (HTTP 404)',
  },
  {
    kind: 'unprocessable',
    code: 'UPSTREAM_CONTRACT',
    does: refuses(422),
    cause: 'getDossier: unprocessable (HTTP 422)',
  },
  {
    kind: 'bad-request',
    words: MESSAGE_FAILED,
    operation: 'sendNotification',
    code: 'UPSTREAM_UNAVAILABLE',
    does: refuses(400, MESSAGE_FAILED),
    cause: 'sendNotification: bad-request (HTTP 400)',
  },
  {
    kind: 'contract',
    code: 'UPSTREAM_CONTRACT',
    does: answers({ id: 7, title: UPSTREAM_WORDS }),
    cause: 'getDossier: contract (HTTP 200)',
  },
];

const FIELD_OF = { getDossier: 'dossier', createDossier: 'createDossier', sendNotification: 'notifySigner' };

test.each(FAULTS)('$operation $kind is $code', async (fault) => {
  const { operation = 'getDossier', does, code, cause, extensions, options } = fault;
  const world = await startFailingGateway(options);
  if (does !== undefined) world.fail(operation, does);
  const field = FIELD_OF[operation];
  const answer = await CALLERS[operation]?.(world);
  expectNoSecrets(JSON.stringify(answer));
  expect(answer).toEqual({
    data: { [field]: null },
    errors: [
      {
        message: FAULT_WORDS[code],
        path: [field],
        locations: expect.any(Array),
        extensions: { code, ...extensions },
      },
    ],
  });
  expect(world.logs.lines()).toMatchObject([
    { level: 40, requestId: expect.any(String), code, cause, msg: 'upstream fault' },
  ]);
});

test('the log says where an answer departs from the contract, and not what it says', async () => {
  const world = await startFailingGateway();
  const wrong = {
    id: 7,
    title: UPSTREAM_WORDS,
    documents_metadata: [{ title: 1 }],
    created_at: UPSTREAM_WORDS,
  };
  world.fail('getDossier', answers(wrong));
  await world.run('{ dossier(id: "d1") { id } }');
  world.fail('getDossier', (_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(`{"id": ${UPSTREAM_WORDS}`);
  });
  await world.run('{ dossier(id: "d1") { id } }');
  expect(world.logs.lines()).toMatchObject([
    {
      cause: 'getDossier: contract (HTTP 200)',
      because: [
        'ZodError id invalid_type',
        'ZodError documents_metadata.0.title invalid_type',
        'ZodError created_at custom',
        'ZodError updated_at invalid_type',
      ],
    },
    { cause: 'getDossier: contract (HTTP 200)', because: ['SyntaxError'] },
  ]);
});

test('any operation: aborted is UPSTREAM_TIMEOUT, which nobody but the operator sees', async () => {
  const world = await startFailingGateway();
  world.fail('getDossier', () => {});
  const caller = new AbortController();
  const answer = fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ dossier(id: "d1") { id } }' }),
    signal: caller.signal,
  });
  await expect.poll(() => world.count('getDossier')).toBe(1);
  caller.abort();
  await expect(answer).rejects.toThrow(/abort/);
  await expect.poll(() => world.stub.sockets.size).toBe(0);
  await expect
    .poll(() => world.logs.lines())
    .toMatchObject([
      { level: 20, code: 'UPSTREAM_TIMEOUT', cause: 'getDossier: aborted', msg: 'the client left' },
    ]);
  expect(world.count('getDossier')).toBe(1);
});

test('the sandbox refuses a key that it does not know', async () => {
  const world = await startGateway({ apiKey: 'unknown' }, { apiKeys: ['known'] });
  expect(await world.run('{ dossier(id: "d1") { id } }')).toMatchObject({
    data: { dossier: null },
    errors: [{ extensions: { code: 'UPSTREAM_REFUSED' } }],
  });
});

test('the sandbox limits the rate, and the caller is told when to come back', async () => {
  // Which the gateway does not know, and has to be told.
  const rateLimit = { calls: 100, windowMs: 100 };
  const world = await startGateway({ rateLimit }, { rateLimit: { calls: 2, windowMs: 60_000 } });
  const ask = () => world.run('{ dossier(id: "d1") { id } }');
  expect([await ask(), await ask()]).toEqual([{ data: { dossier: null } }, { data: { dossier: null } }]);
  expect(await ask()).toMatchObject({
    errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.closeTo(60, -1) } }],
  });
});

const storageRefuses =
  (status: number): StubHandler =>
  (_, res) =>
    void res
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<Error><Code>AuthenticationFailed</Code><Message>${UPSTREAM_WORDS}</Message></Error>`);

/** The storage is no operation of the table; its failures have the lines for any operation. */
test.each<[string, StubHandler, string, string, string?]>([
  ['refuses the address', storageRefuses(403), 'UPSTREAM_REFUSED', 'putBlob: forbidden (HTTP 403)'],
  ['fails', storageRefuses(500), 'UPSTREAM_UNAVAILABLE', 'putBlob: server-error (HTTP 500)'],
  [
    'breaks off',
    (_, __, req) => void req.socket.resetAndDestroy(),
    'UPSTREAM_TIMEOUT',
    'putBlob: connection-lost',
  ],
  // Refused where the answer of the service is decoded.
  [
    'is not allowed',
    () => {},
    'UPSTREAM_CONTRACT',
    'getDocumentUploadUrl: contract (HTTP 200)',
    'http://127.0.0.1:1/x?sig=secret',
  ],
  [
    'has no address',
    () => {},
    'UPSTREAM_CONTRACT',
    'getDocumentUploadUrl: contract (HTTP 200)',
    'no address, but sig=secret',
  ],
])('a storage that %s', async (_, does, code, cause, address) => {
  const storage = await startHttpStub(does);
  const world = await startFailingGateway({ storageHosts: [storage.origin] });
  world.fail('getDocumentUploadUrl', answers(address ?? `${storage.origin}/uploads/x?sig=secret`));
  expect(await uploaded(world, await makePdf())).toEqual({
    data: { uploadDocument: null },
    errors: [
      {
        message: FAULT_WORDS[code],
        path: ['uploadDocument'],
        locations: expect.any(Array),
        extensions: { code },
      },
    ],
  });
  expect(world.logs.lines()).toMatchObject([{ level: 40, code, cause, msg: 'upstream fault' }]);
});

test('a fault of one field leaves the others alone', async () => {
  const world = await startFailingGateway();
  world.fail('getDossier', refuses(401));
  const answer = await world.run(
    `{ dossier(id: "d1") { id } signatureRequest(id: "${UNKNOWN}") { id } __typename }`,
  );
  expect(answer).toMatchObject({
    data: { dossier: null, signatureRequest: null, __typename: 'Query' },
    errors: [{ path: ['dossier'], extensions: { code: 'UPSTREAM_REFUSED' } }],
  });
});

const TWO = 'query A { __typename } query B { __typename }';
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const wrongPosition = (position: object) => ({
  query: mutationOf('createDossier'),
  variables: {
    input: { title: 'x', documents: [{ title: 'Contratto', fields: [{ ...FIELDS[0], position }] }] },
  },
});
const withBox = (box: object) => wrongPosition({ box: { ...FIELDS[0]?.position.box, ...box } });
const expiring = (expiresAt: unknown) => ({
  query: mutationOf('createSignatureRequest'),
  variables: { input: { dossierId: 'd1', signerId: SIGNER_ID, expiresAt } },
});

/** Refused before any resolver runs. */
const REQUESTS: readonly [code: string, when: string, init: RequestInit, message: RegExp][] = [
  ['BAD_REQUEST', 'the body is no JSON', json(`{"fiscalCode": ${FISCAL_CODE}}`), /not valid JSON/],
  ['BAD_REQUEST', 'the body has no operation', json({}), /query/],
  ['BAD_REQUEST', 'operations are sent as a list', json([]), /Batching/],
  ['GRAPHQL_PARSE_FAILED', 'the operation is no GraphQL', json({ query: '{' }), /Syntax Error/],
  ['GRAPHQL_VALIDATION_FAILED', 'a field does not exist', json({ query: '{ nope }' }), /nope/],
  ['OPERATION_RESOLUTION_FAILURE', 'it is not said which operation', json({ query: TWO }), /operation/],
  [
    'REQUEST_ENTITY_TOO_LARGE',
    'the body is over 1 MB',
    json({ query: '{ __typename }', variables: { a: 'x'.repeat(1_000_000) } }),
    /larger than 1,000,000 bytes/,
  ],
  ['BAD_USER_INPUT', 'a variable is missing', json({ query: mutationOf('createDossier') }), /\$input/],
  [
    'BAD_USER_INPUT',
    'a variable has the wrong name, and its fiscal code is not repeated',
    json({
      query: mutationOf('findSigner'),
      variables: { input: { fiscalcode: FISCAL_CODE.toLowerCase() } },
    }),
    /fiscalCode/,
  ],
  ['BAD_USER_INPUT', 'a field is placed twice', json(withBoxAndName()), /[Ee]xactly one key/],
  ['BAD_USER_INPUT', 'a field is placed nowhere', json(wrongPosition({})), /[Ee]xactly one key/],
  ['BAD_USER_INPUT', 'a field is placed by null', json(wrongPosition({ box: null })), /box/],
  ['BAD_USER_INPUT', 'a page is half', json(withBox({ page: 0.5 })), /non-integer/],
  ['BAD_USER_INPUT', 'a width is a text', json(withBox({ width: '10' })), /Float/],
  ['BAD_USER_INPUT', 'an expiry has no offset', json(expiring('2126-06-30T23:59:59')), /RFC 3339/],
  ['BAD_USER_INPUT', 'an expiry is on no day', json(expiring('2126-02-30T00:00:00Z')), /RFC 3339/],
  ['BAD_USER_INPUT', 'an expiry is a number', json(expiring(1)), /RFC 3339/],
  [
    'BAD_USER_INPUT',
    'an upload is no file',
    json({
      query: mutationOf('validateDocument'),
      variables: { input: { file: 'JVBERi0xLjc=' } },
    }),
    /file of a multipart request/,
  ],
  [
    'BAD_USER_INPUT',
    'an upload has no file',
    json({ query: mutationOf('validateDocument'), variables: { input: { file: null } } }),
    /Upload/,
  ],
  [
    'BAD_USER_INPUT',
    'a required argument is null at run time',
    json({
      query: 'query ($f: Int = 1) { dossier(id: "bare") { signatureRequests(first: $f) { nodes { id } } } }',
      variables: { f: null },
    }),
    /first/,
  ],
];

function withBoxAndName() {
  return wrongPosition({ uniqueName: 'Signature1', box: FIELDS[0]?.position.box });
}

test.each(REQUESTS)('%s when %s', async (code, _, init, message) => {
  const world = await startFailingGateway();
  world.fail(
    'getDossier',
    answers({ id: 'd1', title: 'x', documents_metadata: [], created_at: AT, updated_at: AT }),
  );
  const text = expectNoSecrets(await (await fetch(world.url, init)).text());
  expect(JSON.parse(text)).toMatchObject({
    errors: expect.arrayContaining([
      expect.objectContaining({
        message: expect.stringMatching(message),
        extensions: { code, requestId: expect.any(String) },
      }),
    ]),
  });
  expect(world.calls.filter(({ operation }) => operation !== 'getDossier')).toEqual([]);
  expect(world.logs.lines()).toEqual([]);
});

test('REQUEST_TIMEOUT when the request stops before its files', async () => {
  const world = await startFailingGateway({ uploadStallMs: 100 });
  using client = new PoliteClient(Number(new URL(world.url).port));
  const body = multipartBody([['operations', '{"query":"{ __typename }"}']], []);
  await client.begin(body, body.length - 40);
  expect(await client.answer()).toMatchObject({
    status: 408,
    body: { errors: [{ extensions: { code: 'REQUEST_TIMEOUT' } }] },
  });
});

test('INTERNAL_SERVER_ERROR when the gateway has a fault, which is logged without what it was about', async () => {
  const world = await startFailingGateway();
  const answer = await world.run('{ dossier(id: "bug") { id } }');
  expectNoSecrets(JSON.stringify(answer));
  expect(answer).toMatchObject({
    data: { dossier: null },
    errors: [
      { message: 'Unexpected error.', path: ['dossier'], extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ],
  });
  expect(world.logs.lines()).toEqual([
    {
      level: 50,
      time: expect.any(Number),
      requestId: expect.any(String),
      err: { type: 'TypeError', message: 'undefined is not [fiscal code]', stack: expect.any(Array) },
      msg: 'unexpected error',
    },
  ]);
});

test('every line of docs/reference/errors.md is provoked here, and nothing else is', () => {
  const sorted = (texts: Iterable<string | undefined>) => [...new Set(texts)].toSorted();
  const inRequestSignature = ['REQUEST_SIGNATURE_INCOMPLETE', 'SERVICE_FAULT']; // in request-signature.test.ts
  expect(sorted([...RESULTS.map(({ code }) => code), ...inRequestSignature])).toEqual(
    sorted(rowsUnder('In the result of a mutation').map(([, code]) => code)),
  );
  expect(
    sorted([
      ...REQUESTS.map(([code]) => code),
      ...FAULTS.map(({ code }) => code),
      'REQUEST_TIMEOUT', // these two have tests of their own
      'INTERNAL_SERVER_ERROR',
      'FORBIDDEN_ORIGIN', // in requests.test.ts
      'PERSISTED_QUERY_NOT_SUPPORTED', // in persisted-queries.test.ts
      // in http-edges.test.ts
      'ADDRESS_NOT_FOUND',
      'NOT_ACCEPTABLE',
      'UNSUPPORTED_MEDIA_TYPE',
      'HEADERS_TOO_LARGE',
      // in test/attacks
      'OPERATION_TOO_COSTLY',
      'TOO_DEEPLY_NESTED',
      'DOCUMENT_NOT_ALLOWED',
      'DOCUMENT_ID_MISSING',
      'DOCUMENT_NOT_TRUSTED',
      'HOST_NOT_ALLOWED',
      'FISCAL_CODE_IN_URL',
      'URI_TOO_LONG',
      'TOO_MANY_REQUESTS',
      // in test/subscriptions
      'NOT_FOUND',
      'EVENT_STREAM_ONLY',
      'TOO_MANY_STREAMS',
      'STREAM_TOO_SLOW',
      'OVERLOADED', // in overload.test.ts
      'SHUTTING_DOWN', // in shutdown.test.ts
      // in test/auth
      'UNAUTHENTICATED',
      'FORBIDDEN',
      'CALLER_UNAVAILABLE',
      'AUTHENTICATION_UNAVAILABLE',
      'IDEMPOTENCY_UNAVAILABLE', // in test/redis
    ]),
  ).toEqual(sorted(rowsUnder('At the top level').map(([code]) => code)));
  const rows = [
    ...ROWS.map(([operation, kind, words]) => `${operation} ${kind} ${words}`),
    ...FAULTS.map(
      ({ operation, kind, words = '' }) => `${words && operation ? operation : '*'} ${kind} ${words}`,
    ),
    '* aborted ', // likewise
    '* over-budget ', // in rate-limiter.test.ts
    '* circuit-open ', // in circuit-breaker.test.ts
  ];
  const documented = rowsUnder('From an upstream failure to an error');
  expect(rows.toSorted()).toEqual(
    documented.map(([operation, kind, words]) => `${operation} ${kind} ${words}`).toSorted(),
  );
});
