import { expect, test } from 'vitest';
import { anchoredDocuments, TAG } from '../support/anchored-documents.ts';
import { draftOf, uploadsBody } from '../support/draft.ts';
import { rowsUnder } from '../support/errors-page.ts';
import { sendJson } from '../support/http-stub.ts';
import { makePdf } from '../support/pdf.ts';
import { refuses, startFailingGateway, UPSTREAM_WORDS } from '../support/service-proxy.ts';
import {
  DOSSIER,
  FISCAL_CODE,
  SIGNER_ID,
  WAITING,
  answers,
  outcome,
  uploaded,
  validated,
  noRequest,
  noDossier,
  noDocument,
  invalid,
  unknownDossier,
  unavailable,
  unreadable,
  wrongStatus,
  UNKNOWN,
  sent,
  post,
  error,
} from './support-errors.ts';
import type { World } from './support-errors.ts';

/** Errors in the results of mutations, at least one test case for each code. */
const RESULTS: readonly {
  code: string;
  when: string;
  options?: Parameters<typeof startFailingGateway>[0];
  provoke: (world: World) => Promise<unknown>;
  expected: object;
}[] = [
  {
    code: 'INVALID_INPUT',
    when: 'the input breaks a rule',
    provoke: (world) => outcome(world, 'createDossier', { ...DOSSIER, title: '' }),
    expected: invalid(['title'], 'The title of the dossier must not be empty.'),
  },
  {
    code: 'NOT_FOUND',
    when: 'the request does not exist',
    provoke: (world) => outcome(world, 'markReady', { signatureRequestId: UNKNOWN }),
    expected: noRequest,
  },
  {
    code: 'NOT_FOUND',
    when: 'the request to cancel does not exist',
    provoke: (world) => outcome(world, 'cancelSignatureRequest', { signatureRequestId: UNKNOWN }),
    expected: noRequest,
  },
  {
    code: 'NOT_FOUND',
    when: 'an id is another path',
    provoke: (world) => outcome(world, 'notifySigner', { signatureRequestId: '../dossiers/x' }),
    expected: noRequest,
  },
  {
    code: 'NOT_FOUND',
    when: 'the dossier does not exist',
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
    when: 'a cancelled request is marked ready',
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
    when: 'the request leaves DRAFT between its read and the upload URL',
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
    when: 'a PDF is truncated',
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
    when: 'a key is used again with another input',
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
    when: 'the connection is lost before the answer of createDossier',
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
    when: 'another caller notifies at the same time',
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
  // The second file arrives with the operation, before a field reads it.
  ...[200_000, 500].map((limitBytes) => ({
    code: 'FILE_TOO_LARGE',
    when: `a file has one byte more than ${limitBytes}`,
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
    provoke: (world) => uploaded(world, Buffer.from('PK …')),
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
    when: 'the service cannot open a PDF to validate',
    provoke: (world) => validated(world, Buffer.from('%PDF-1.7 only')),
    expected: unreadable,
  },
  {
    code: 'ANCHOR_NOT_FOUND',
    when: 'the PDF does not have the text of an anchor',
    provoke: async (world) => {
      const clause = { title: 'Firma del contratto', type: 'REQUIRED' };
      const fields = [{ clause, position: { anchor: { text: 'Firma' } } }];
      return validated(world, await makePdf(), { fields });
    },
    expected: error(
      'AnchorNotFoundError',
      'ANCHOR_NOT_FOUND',
      'The text of an anchor was not found in the PDF, or not as often as its occurrence. fields[0].position.anchor: found 0 times. Compare the text with the document: it must be on one line, with the same case.',
      {
        anchors: [{ path: ['fields', '0', 'position', 'anchor'], text: 'Firma', matches: 0, nearest: null }],
      },
    ),
  },
  {
    code: 'ANCHOR_NOT_FOUND',
    when: 'the PDF has a similar text, which the message does not quote',
    provoke: async (world) => {
      const clause = { title: 'Firma del contratto', type: 'REQUIRED' };
      const fields = [{ clause, position: { anchor: { text: '{{firma:Bossi}}' } } }];
      const pdf = await anchoredDocuments['A4']?.make();
      return validated(world, pdf ?? Buffer.alloc(0), { fields });
    },
    expected: error(
      'AnchorNotFoundError',
      'ANCHOR_NOT_FOUND',
      'The text of an anchor was not found in the PDF, or not as often as its occurrence. fields[0].position.anchor: found 0 times; anchors[0].nearest has the most similar text. Compare the text with the document: it must be on one line, with the same case.',
      {
        anchors: [
          {
            path: ['fields', '0', 'position', 'anchor'],
            text: '{{firma:Bossi}}',
            matches: 0,
            nearest: TAG,
          },
        ],
      },
    ),
  },
  {
    code: 'FILE_ORDER',
    when: 'a large file is sent before the file of the first field',
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

test.each(RESULTS)('$code when $when', async ({ code, options, provoke, expected }) => {
  const world = await startFailingGateway(options);
  const answer = await provoke(world);
  expect(answer).toEqual(expected);
  expect(answer).toMatchObject({ code });
  // Errors that the caller can handle are not logged.
  expect(world.logs.lines()).toEqual([]);
});

test('each documented error of results has a test case, and each test case is documented', () => {
  const inRequestSignature = ['REQUEST_SIGNATURE_INCOMPLETE', 'SERVICE_FAULT']; // in request-signature.test.ts
  const provoked = new Set([...RESULTS.map(({ code }) => code), ...inRequestSignature]);
  const documented = rowsUnder('In the result of a mutation').map(([, code]) => code);
  expect([...provoked].toSorted()).toEqual(documented.toSorted());
});
