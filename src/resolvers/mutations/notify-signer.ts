import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Attempt } from '../../idempotency/attempt.ts';
import type { CallOptions } from '../../upstream/call.ts';
import type { Notification, SignatureRequest } from '../../upstream/decode.ts';
import { sendNotification } from '../../upstream/operations/send-notification.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import { AlreadyNotifiedError, WrongStatusError } from '../errors/domain-errors.ts';
import { checkInput, idempotencyKeyRules, waitSecondsRules } from '../shared/input-rules.ts';
import { invalidate, readRequest, readBack, statusRefusal } from '../shared/read-request.ts';
import { runOnce } from '../shared/run-once.ts';
import { translated } from '../errors/translate-upstream-error.ts';
import { waitForRequest } from '../shared/wait-for-request.ts';

export interface NotifySignerInput {
  signatureRequestId: string;
  waitSeconds: number;
  idempotencyKey?: string | null | undefined;
}

const rules = z.object({ waitSeconds: waitSecondsRules, idempotencyKey: idempotencyKeyRules.nullish() });
const kept = z.object({ signatureRequestId: z.string() });
const ALLOWED = ['WAIT_FOR_SIGNATURE'];

/**
 * Waits for WAIT_FOR_SIGNATURE if the request is READY, then sends the notification.
 * @throws {NotFoundError} @throws {WrongStatusError} @throws {AlreadyNotifiedError} @throws {SignerUnavailableError}
 * @throws {OutcomeUnknownError} if the service did not answer and the request has no notification.
 * @throws {IdempotencyConflictError}
 */
export async function notifySigner(
  context: GatewayContext,
  input: NotifySignerInput,
): Promise<SignatureRequest> {
  checkInput(rules, input);
  const { signatureRequestId, idempotencyKey } = input;
  if (idempotencyKey == null) return notify(context, input);
  return runOnce(context, {
    operation: 'notifySigner',
    idempotencyKey,
    input: { signatureRequestId },
    async run(attempt) {
      const value = await notifyWithKey(context, attempt, input);
      return { value, result: { signatureRequestId } };
    },
    replay: (result) => readRequest(context, kept.parse(result).signatureRequestId),
  });
}

/** Sends the notification under a key that this call holds, unless an earlier attempt has sent it. */
async function notifyWithKey(
  context: GatewayContext,
  attempt: Attempt,
  input: NotifySignerInput,
): Promise<SignatureRequest> {
  try {
    return await notify(context, input, attempt);
  } catch (failure) {
    const mayBeOurs = attempt.unresolved?.kind === 'unanswered';
    if (!(failure instanceof AlreadyNotifiedError && mayBeOurs)) throw failure;
    return readRequest(context, input.signatureRequestId);
  }
}

async function notify(
  context: GatewayContext,
  input: NotifySignerInput,
  attempt?: Attempt,
): Promise<SignatureRequest> {
  const { upstream, signal } = context;
  const found = await readRequest(context, input.signatureRequestId);
  const request = await translated(
    waitForRequest(context, found, {
      waitSeconds: input.waitSeconds,
      isDone: ({ status }) => status !== 'READY',
    }),
  );
  if (request.notification !== undefined) throw new AlreadyNotifiedError(request.notification.ioMessageId);
  if (!ALLOWED.includes(request.status)) throw new WrongStatusError(request.status, ALLOWED);
  try {
    const send = (options: CallOptions): Promise<Notification> =>
      sendNotification(upstream, request.id, options);
    const notification = await (attempt === undefined ? send({ signal }) : attempt.sending(send));
    return { ...request, notification };
  } catch (failure) {
    const isSent = ({ notification }: SignatureRequest): boolean => notification !== undefined;
    const notified = await readBack(context, request.id, failure, isSent);
    if (notified === undefined) throw await refusal(context, request.id, failure);
    return notified;
  } finally {
    invalidate(context, request.id);
  }
}

/** A 422 means a wrong status, or that another caller has just sent the notification. */
async function refusal(context: GatewayContext, id: string, failure: unknown): Promise<unknown> {
  if (failure instanceof UpstreamError && failure.kind === 'unprocessable') {
    const { notification } = await readRequest(context, id);
    if (notification !== undefined) return new AlreadyNotifiedError(notification.ioMessageId);
  }
  return statusRefusal(context, id, ALLOWED, failure);
}
