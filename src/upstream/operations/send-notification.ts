import type { CallOptions, UpstreamClient } from '../call.ts';
import { decodeNotification } from '../decode.ts';
import type { Notification } from '../decode.ts';
import { path } from '../call.ts';

/**
 * `sendNotification`: sends the message in the IO app. It works once per request, in WAIT_FOR_SIGNATURE only, and has no body.
 * The service answers 200, although the published document says 201. For a signer that does not exist it answers 500.
 * @throws {UpstreamError} `unprocessable` in any other status or when it was sent before, `bad-request` when the
 *   citizen does not accept messages of this service.
 */
export async function sendNotification(
  client: UpstreamClient,
  id: string,
  options?: CallOptions,
): Promise<Notification> {
  const operation = 'sendNotification';
  const call = {
    operation,
    method: 'PUT',
    effect: 'write',
    answersInvalidInputWith500: true,
    path: path(operation)`/signature-requests/${id}/notification`,
    expect: [200, 201],
  } as const;
  return client.call({ ...call, decode: decodeNotification }, options);
}
