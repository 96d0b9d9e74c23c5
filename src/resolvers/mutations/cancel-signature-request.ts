import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { setSignatureRequestStatus } from '../../upstream/operations/set-signature-request-status.ts';
import { WrongStatusError } from '../errors/domain-errors.ts';
import { invalidate, readRequest, readBack, statusRefusal } from '../shared/read-request.ts';

export interface CancelSignatureRequestInput {
  signatureRequestId: string;
}

const ALLOWED = ['WAIT_FOR_SIGNATURE'];

/**
 * Cancels a request in status WAIT_FOR_SIGNATURE, and reads it again. A citizen who signs at the same time may still receive
 * a signed document: the service synchronizes its two copies of the request by queues.
 * @throws {NotFoundError} @throws {WrongStatusError} in any other status.
 * @throws {OutcomeUnknownError} if the service did not answer and the request is still in this status.
 */
export async function cancelSignatureRequest(
  context: GatewayContext,
  { signatureRequestId: id }: CancelSignatureRequestInput,
): Promise<SignatureRequest> {
  try {
    await setSignatureRequestStatus(context.upstream, id, 'CANCELLED', { signal: context.signal });
  } catch (failure) {
    const moved = await readBack(context, id, failure, ({ status }) => !ALLOWED.includes(status));
    if (moved === undefined) throw await statusRefusal(context, id, ALLOWED, failure);
    if (moved.status !== 'CANCELLED') throw new WrongStatusError(moved.status, ALLOWED);
    return moved;
  } finally {
    invalidate(context, id);
  }
  return readRequest(context, id);
}
