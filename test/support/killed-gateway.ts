import { createHash } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { makePdf } from './pdf.ts';
import { requestSignature } from './request-signature.ts';
import type { Json } from './start-gateway.ts';
import { startMain } from './start-main.ts';

/** The upstream call during which the gateway is killed. */
export interface Moment {
  readonly operation: string;
  /** The number of the call of the operation, from 1. */
  readonly nth: number;
  /** Whether the service has performed the call, and only the answer is missing. */
  readonly isCarriedOut: boolean;
}

const FILES = [await makePdf(), await makePdf({ pages: 2 })];
const KEY = '0f8fad5b-d9cb-469f-a165-70867728950e';
/** Longer than any deadline: the call ends because its caller was killed. */
const FOREVER_MS = 120_000;
/** Concurrent worlds. Each starts a process twice, and then mostly waits. */
const AT_ONCE = 4;

/** The successful outcome of a `requestSignature` of two documents. */
export const DONE = {
  __typename: 'RequestSignaturePayload',
  signatureRequest: {
    id: expect.stringMatching(/^\w{26}$/),
    status: 'WAIT_FOR_SIGNATURE',
    qrCode: { link: expect.stringContaining('srid=') },
    notification: { ioMessageId: expect.stringMatching(/^\w{26}$/) },
    documents: FILES.map(() => ({ status: 'READY' })),
  },
  files: FILES.map((file) => ({
    sizeBytes: file.length,
    sha256: createHash('sha256').update(file).digest('hex'),
  })),
};

export interface Kill {
  readonly answer: Json | undefined;
  /** The id of the request; undefined if there was none. */
  readonly statusWhenKilled: string | undefined;
  /** The calls that the service performed, answered or not. */
  readonly effects: ReturnType<typeof effectsOf>;
}

/**
 * Calls `requestSignature`, kills the gateway with SIGKILL during the given upstream call, starts it again, and retries with
 * the same key.
 */
export async function killAndRetry(
  { operation, nth, isCarriedOut }: Moment,
  { env = {}, inputOf = () => Promise.resolve({}) }: KillOptions = {},
): Promise<Kill> {
  const sandbox = await startSandbox({ timeScale: 0.01, rateLimit: false });
  onTestFinished(() => sandbox.close());
  const start = () =>
    startMain({
      SANDBOX_URL: sandbox.url,
      IDEMPOTENCY_SETTLE_SECONDS: '1',
      LOG_LEVEL: 'silent',
      ...env,
    });
  const input = { idempotencyKey: KEY, ...(await inputOf(sandbox)) };
  const kind = isCarriedOut ? 'slow-body' : 'latency';
  const id = sandbox.faults.add({ kind, ms: FOREVER_MS, operation, nth, count: 1 });
  const doomed = await start();
  const cutOff = requestSignature(doomed, input, FILES).catch(() => 'cut off');
  // A fault that has fired is no longer in the list.
  await expect.poll(() => sandbox.faults.list().some((active) => active.id === id)).toBe(false);
  await doomed.kill();
  const [request] = sandbox.snapshot().store.requests.values();
  expect(await cutOff).toBe('cut off');
  const entry = await sandbox.journal.waitFor({ fault: id });
  expect(entry).toMatchObject({ operationId: operation, ended: 'aborted' });

  const reborn = await start();
  const answer = await requestSignature(reborn, input, FILES);
  await reborn.kill();
  return { answer, statusWhenKilled: request?.status, effects: effectsOf(sandbox) };
}

export interface KillOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly inputOf?: (sandbox: Sandbox) => Promise<object>;
}

function effectsOf(sandbox: Sandbox) {
  const { store } = sandbox.snapshot();
  const requests = [...store.requests.values()];
  const files = ['putBlob', 'putBlockList'].flatMap((operationId) =>
    sandbox.journal.entries({ operationId }),
  );
  return {
    dossiers: store.dossiers.size,
    requests: requests.length,
    /** Files that the storage has stored. */
    uploads: files.filter(({ status }) => status === 201).length,
    /** The service sends one message per request. */
    notifications: requests.filter(({ ioMessageId }) => ioMessageId !== undefined).length,
  };
}

/** The moments of these calls, each the nth of its operation. */
export const momentsIn = (
  calls: readonly (readonly [operation: string, nth: number])[],
  isCarriedOut: boolean,
): Moment[] => calls.map(([operation, nth]) => ({ operation, nth, isCarriedOut }));

/** Every upstream call of a `requestSignature` of two documents, with those reads that always happen. */
export const CALLS: readonly (readonly [operation: string, nth: number])[] = [
  ['getSignerByFiscalCode', 1],
  ['createDossier', 1],
  ['createSignatureRequest', 1],
  ['getSignatureRequest', 1],
  ['getDocumentUploadUrl', 1],
  ['putBlob', 1],
  ['getSignatureRequest', 2],
  ['getDocumentUploadUrl', 2],
  ['putBlob', 2],
  ['getSignatureRequest', 3],
  ['getSignatureRequest', 4],
  ['setSignatureRequestStatus', 1],
  ['getSignatureRequest', 5],
  ['sendNotification', 1],
];
export const WRITES = CALLS.filter(([operation]) => !operation.startsWith('get'));

/** Runs all moments, some at a time. Returns the results by moment. */
export async function killAtEach<T>(
  moments: readonly Moment[],
  kill: (moment: Moment) => Promise<T>,
): Promise<Record<string, T>> {
  const results: Record<string, T> = {};
  const left = moments.values();
  const work = async (): Promise<void> => {
    for (const moment of left) results[nameOf(moment)] = await kill(moment);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

export const nameOf = ({ operation, nth, isCarriedOut }: Moment): string =>
  `${operation} ${nth}, ${isCarriedOut ? 'performed' : 'not performed'}`;
