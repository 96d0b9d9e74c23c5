import { expect } from 'vitest';
import { draftOf } from '../support/draft.ts';
import { sendJson } from '../support/http-stub.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { PoliteClient } from '../support/multipart.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { expectNoSecrets, startFailingGateway } from '../support/service-proxy.ts';
import type { Json } from '../support/start-gateway.ts';

export type World = Awaited<ReturnType<typeof startFailingGateway>>;

interface Reply {
  readonly data?: Json | null;
  readonly errors?: readonly object[];
}

export const FIELDS = [
  {
    clause: { title: 'Firma del contratto', type: 'REQUIRED' },
    position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
  },
];
export const DOSSIER = { title: 'Contratti', documents: [{ title: 'Contratto', fields: FIELDS }] };
export const FISCAL_CODE = 'SPNDNL80R13C555X';
export const SIGNER_ID = '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11';
export const AT = '2026-03-05T09:14:07.412Z';
/** A request in WAIT_FOR_SIGNATURE, in the format of the service. */
export const WAITING = {
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
export const answers =
  (body: unknown): StubHandler =>
  (_, res) =>
    sendJson(res, 200, body);

/** Runs a mutation and returns its result, or the whole response if it has none. */
export async function outcome(world: World, mutation: string, input: object): Promise<unknown> {
  const answer: Reply = await world.run(mutationOf(mutation), { input });
  expectNoSecrets(JSON.stringify(answer));
  return answer.data?.[mutation] ?? answer;
}

export async function uploaded(world: World, content: Buffer): Promise<unknown> {
  const [target] = await draftOf(world);
  const answer: Reply = await world.upload(
    mutationOf('uploadDocument'),
    { input: { ...target, file: null } },
    new Uint8Array(content),
  );
  expectNoSecrets(JSON.stringify(answer));
  return answer.data?.['uploadDocument'] ?? answer;
}

export async function validated(world: World, content: Buffer, input: object = {}): Promise<unknown> {
  const query = mutationOf('validateDocument');
  const answer: Reply = await world.upload(
    query,
    { input: { file: null, ...input } },
    new Uint8Array(content),
  );
  expectNoSecrets(JSON.stringify(answer));
  return answer.data?.['validateDocument'] ?? answer;
}

export const error = (__typename: string, code: string, message: string, rest: object = {}) => ({
  __typename,
  code,
  message,
  ...rest,
});
export const noRequest = error('NotFoundError', 'NOT_FOUND', 'No signature request has this id.', {
  resource: 'SIGNATURE_REQUEST',
});
export const noDossier = error('NotFoundError', 'NOT_FOUND', 'No dossier has this id.', {
  resource: 'DOSSIER',
});
export const noDocument = error(
  'NotFoundError',
  'NOT_FOUND',
  'No document of this signature request has this id.',
  {
    resource: 'DOCUMENT',
  },
);
export const invalid = (path: string[], message: string) =>
  error('InvalidInputError', 'INVALID_INPUT', [...path, message].join(': '), {
    fieldErrors: [{ path, message }],
  });
export const unknownDossier = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer: the dossier may or may not have been created. Retry: a duplicate dossier has no effect, because citizens do not see a dossier without signature requests.',
);
export const unknownRequest = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer: the signature request may or may not have been created. Retry with the same idempotencyKey: the gateway searches for the request before it creates another. Without a key, read the signature requests of the dossier first.',
);
export const unknownStatus = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer, and the status of the signature request has not changed. It may still change. Retry: a second call has no further effect.',
);
export const unknownNotification = error(
  'OutcomeUnknownError',
  'OUTCOME_UNKNOWN',
  'Firma con IO did not answer: the notification may or may not have been sent. Retry: the service sends one notification per signature request.',
);
export const refusedInput = invalid([], 'The service refused the input without naming the value.');
export const unavailable = (reason: string, message: string) =>
  error('SignerUnavailableError', 'SIGNER_UNAVAILABLE', message, { reason });
export const noProfile = unavailable(
  'NO_IO_PROFILE',
  'The citizen has never logged in to the IO app. Ask the citizen to log in, or sign on paper.',
);
export const disabled = unavailable(
  'SERVICE_DISABLED',
  'The citizen has disabled this service in the IO app. Ask the citizen to enable it, or sign on paper.',
);
export const disabledWithRequest = unavailable(
  'SERVICE_DISABLED',
  'The citizen has disabled this service in the IO app. If the signature request has a QR code, show the QR code or its link to the citizen.',
);
export const profileFailed = unavailable(
  'PROFILE_UNAVAILABLE',
  'The service could not read the IO profile of the citizen. Retry later.',
);
export const unreadable = error(
  'UnreadablePdfError',
  'UNREADABLE_PDF',
  'The PDF cannot be opened: it is damaged, encrypted or protected by a password. Save it without protection and retry.',
  { reason: 'NOT_OPENED' },
);
export const wrongStatus = (status: string, allowed: string) =>
  error(
    'WrongStatusError',
    'WRONG_STATUS',
    `The signature request is in status ${status}, but must be in status ${allowed}.`,
    { status, allowed: [allowed] },
  );

export const UNKNOWN = '01KJYMD75M8Q4V6W9X0Y2Z7A1C';

/** Takes a new request to WAIT_FOR_SIGNATURE. @returns its id */
export async function sent(world: World): Promise<string> {
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

export async function post(world: World, body: Buffer) {
  using client = new PoliteClient(Number(new URL(world.url).port));
  const answer = await client.post(body);
  expectNoSecrets(JSON.stringify(answer));
  return answer;
}
