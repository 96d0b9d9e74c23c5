import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { setSignatureRequestStatus } from '../../upstream/operations/set-signature-request-status.ts';
import { DocumentRejectedError, DocumentsNotReadyError, WrongStatusError } from '../errors/domain-errors.ts';
import { checkInput, waitSecondsRules } from '../shared/input-rules.ts';
import { invalidate, readRequest, readBack, statusRefusal } from '../shared/read-request.ts';
import { translated } from '../errors/translate-upstream-error.ts';
import { waitForRequest } from '../shared/wait-for-request.ts';

export interface MarkReadyInput {
  signatureRequestId: string;
  waitSeconds: number;
}

const rules = z.object({ waitSeconds: waitSecondsRules });

/**
 * Waits until all documents are READY, marks the request READY, and waits until it has its QR code. Both waits share one
 * deadline. A request that is already READY or further is not marked again, so a retry after a lost response is safe.
 * @throws {NotFoundError} @throws {WrongStatusError} @throws {DocumentRejectedError} @throws {DocumentsNotReadyError}
 * @throws {OutcomeUnknownError} if the service did not answer and the request is still a DRAFT.
 */
export async function markReady(context: GatewayContext, input: MarkReadyInput): Promise<SignatureRequest> {
  checkInput(rules, input);
  const endsAt = performance.now() + input.waitSeconds * 1000;
  const secondsLeft = (): number => Math.max(0, (endsAt - performance.now()) / 1000);
  let request = await readRequest(context, input.signatureRequestId);
  if (request.status === 'DRAFT') {
    request = await translated(
      waitForRequest(context, request, { waitSeconds: secondsLeft(), isDone: areDocumentsChecked }),
    );
    if (request.status === 'DRAFT') request = await setReady(context, request);
  } else if (ALLOWED.includes(request.status)) {
    await context.webhooks.watch(request);
    context.webhooks.record(request);
  }
  if (!ALLOWED.includes(request.status)) throw new WrongStatusError(request.status, ['DRAFT']);
  return translated(
    waitForRequest(context, request, {
      waitSeconds: secondsLeft(),
      isDone: ({ status }) => status !== 'READY',
    }),
  );
}

/** READY and WAIT_FOR_SIGNATURE: the request is marked already, which is the outcome that the caller wants. */
const ALLOWED: readonly string[] = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE'];

/** Marks a request READY without waiting. Errors as in `markReady`. */
export async function setReady(
  context: GatewayContext,
  request: SignatureRequest,
): Promise<SignatureRequest> {
  const rejected = request.documents.filter(({ status }) => status === 'REJECTED');
  if (rejected.length > 0) throw new DocumentRejectedError(rejected);
  const waiting = request.documents.filter(({ status }) => status !== 'READY');
  if (waiting.length > 0) throw new DocumentsNotReadyError(waiting);
  await context.webhooks.watch(request); // before the call, so that a crash after it loses no event
  const marked = await sendReady(context, request);
  context.webhooks.record(marked);
  return marked;
}

async function sendReady(context: GatewayContext, request: SignatureRequest): Promise<SignatureRequest> {
  try {
    await setSignatureRequestStatus(context.upstream, request.id, 'READY', { signal: context.signal });
  } catch (failure) {
    const moved = await readBack(context, request.id, failure, ({ status }) => status !== 'DRAFT');
    if (moved !== undefined) return moved;
    const refusal = await statusRefusal(context, request.id, ['DRAFT'], failure);
    // Another caller has marked it at the same time.
    const isMarked = refusal instanceof WrongStatusError && ALLOWED.includes(refusal.status);
    if (!isMarked) throw refusal;
    return readRequest(context, request.id);
  } finally {
    invalidate(context, request.id);
  }
  return { ...request, status: 'READY' };
}

/** Whether the validation of the documents has ended: all are accepted, or one is rejected. */
export function areDocumentsChecked({ status, documents }: SignatureRequest): boolean {
  return (
    status !== 'DRAFT' ||
    documents.every((document) => document.status === 'READY') ||
    documents.some((document) => document.status === 'REJECTED')
  );
}
