import { draftOf } from '../support/draft.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { makePdf } from '../support/pdf.ts';
import { refuses, startFailingGateway, UPSTREAM_WORDS } from '../support/service-proxy.ts';
import {
  DOSSIER,
  FISCAL_CODE,
  SIGNER_ID,
  AT,
  WAITING,
  answers,
  outcome,
  validated,
  noRequest,
  noDossier,
  noDocument,
  invalid,
  unknownDossier,
  unknownRequest,
  unknownStatus,
  unknownNotification,
  refusedInput,
  unavailable,
  noProfile,
  disabled,
  disabledWithRequest,
  profileFailed,
  unreadable,
} from './support-errors.ts';
import type { World } from './support-errors.ts';

const PROFILE_REFUSED = 'You are not allowed to issue requests for this user!';
const PROFILE_FAILED = 'An error occurred while getting the profile!';
const MESSAGE_FAILED = 'An error occurred while sending the message!';
const NOT_ALLOWED = 'It is not allowed to send a message to this user.';

/** Enough for a busy machine to send the call, which then gets no answer. */
export const TIMEOUT_MS = 500;

/** The rows for one operation: the failure, and the expected answer. */
export const ROWS: readonly (readonly [operation: string, kind: string, words: string, expected: unknown])[] =
  [
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
    ['sendNotification', 'bad-request', NOT_ALLOWED, disabledWithRequest],
    ['sendNotification', 'bad-request', PROFILE_REFUSED, disabledWithRequest],
    ['sendNotification', 'bad-request', PROFILE_FAILED, profileFailed],
    ['sendNotification', 'timeout', '', unknownNotification],
    ['sendNotification', 'connection-lost', '', unknownNotification],
    ['validateDocument', 'unprocessable', '', refusedInput],
    ['validateDocument', 'server-error', 'Error', unreadable],
    ['validateDocument', 'server-error', 'RangeError', unreadable],
    ['validateDocument', 'server-error', 'TypeError', unreadable],
  ];

/** A request that makes the gateway call each operation. */
export const CALLERS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
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

export const FAULT_WORDS: Readonly<Record<string, string>> = {
  UPSTREAM_TIMEOUT:
    'Firma con IO did not answer in time. A mutation may or may not have been performed: read the current state before you retry it.',
  UPSTREAM_UNAVAILABLE: 'Firma con IO is unavailable. Retry later.',
  UPSTREAM_REFUSED:
    'Firma con IO refused the API key or the IP address of the gateway, or has an outage. The operator must check the key and its allowed addresses.',
  UPSTREAM_CONTRACT:
    'The response of Firma con IO breaks its contract. Report the request id to the operator.',
  RATE_LIMITED: 'The rate limit of Firma con IO is exhausted. Retry later.',
};

/** The rows for all operations, each tested with one of them. */
export const FAULTS: readonly {
  kind: string;
  /** The detail in the answer of the service, if the row depends on it. */
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
    options: { upstreamTimeoutMs: TIMEOUT_MS },
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
