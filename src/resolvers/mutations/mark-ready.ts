import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { setSignatureRequestStatus } from '../../upstream/operations/set-signature-request-status.ts';
import { DocumentRejectedError, DocumentsNotReadyError, WrongStatusError } from '../errors/domain-errors.ts';
import { checkInput, waitSecondsRules } from '../shared/input-rules.ts';
import { invalidate } from '../shared/invalidate.ts';
import { readBack } from '../shared/read-back.ts';
import { readRequest } from '../shared/read-request.ts';
import { statusRefusal } from '../errors/status-refusal.ts';
import { translated } from '../errors/translate-upstream-error.ts';
import { waitForRequest } from '../shared/wait-for-request.ts';

export interface MarkReadyInput {
  signatureRequestId: string;
  waitSeconds: number;
}

const rules = z.object({ waitSeconds: waitSecondsRules });

/**
 * Waits until all documents are READY, marks the request READY, and waits until it has its QR code; one deadline for
 * both waits. A request that is READY or further already is not marked again, so a repeat after a lost answer is safe.
 * @throws {NotFoundError} @throws {WrongStatusError} @throws {DocumentRejectedError} @throws {DocumentsNotReadyError}
 * @throws {OutcomeUnknownError} when the service did not answer and shows a DRAFT.
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

/** READY and WAIT_FOR_SIGNATURE: somebody has marked it before, which is what the caller wants. */
const ALLOWED: readonly string[] = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE'];

/** Marks a request READY whose documents all are, without waiting for anything. Errors as of `markReady`. */
export async function setReady(
  context: GatewayContext,
  request: SignatureRequest,
): Promise<SignatureRequest> {
  const rejected = request.documents.filter(({ status }) => status === 'REJECTED');
  if (rejected.length > 0) throw new DocumentRejectedError(rejected);
  const waiting = request.documents.filter(({ status }) => status !== 'READY');
  if (waiting.length > 0) throw new DocumentsNotReadyError(waiting);
  await context.webhooks.watch(request); // before: a gateway that dies after the call has it noted
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
    // Somebody else has marked it just now.
    const isMarked = refusal instanceof WrongStatusError && ALLOWED.includes(refusal.status);
    if (!isMarked) throw refusal;
    return readRequest(context, request.id);
  } finally {
    invalidate(context, request.id);
  }
  return { ...request, status: 'READY' };
}

/** Nothing is to be waited for: all documents are good, or one is not. */
export function areDocumentsChecked({ status, documents }: SignatureRequest): boolean {
  return (
    status !== 'DRAFT' ||
    documents.every((document) => document.status === 'READY') ||
    documents.some((document) => document.status === 'REJECTED')
  );
}
