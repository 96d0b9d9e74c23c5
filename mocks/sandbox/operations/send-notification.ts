import { notifiableRecord, recordOf } from '../decoding/records.ts';
import { decodeOrRefuse } from '../decoding/types.ts';
import { internalError, success } from '../http/problems.ts';
import { refusalOfNotification, tokenizerLimit } from '../model/scenarios.ts';
import { requestOrRefuse } from './lookup.ts';
import type { Operation } from './operation.ts';

/** Sends one message per request, only in WAIT_FOR_SIGNATURE. The signer is checked with IO afterwards. */
export const sendNotification: Operation = (call, world) => {
  const request = requestOrRefuse(call, world, 'The specified Signature Request does not exist.');
  decodeOrRefuse(notifiableRecord, recordOf(request));
  if (world.faults.occurs('tokenizer-limit')) throw tokenizerLimit();
  const refusal = refusalOfNotification(world.store.fiscalCodes.get(request.signerId));
  if (refusal !== undefined) throw refusal;
  const ioMessageId = world.ids.ulid();
  if (world.faults.occurs('notification-not-recorded')) throw internalError('CosmosDatabaseError');
  world.store.requests.set(request.id, { ...request, ioMessageId });
  return success(200, { io_message_id: ioMessageId });
};
