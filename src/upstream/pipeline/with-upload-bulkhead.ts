import type { Queues } from '../../observability/queues.ts';
import { Bulkhead, BulkheadFullError } from './bulkhead.ts';
import { MultipartBody } from '../client.ts';
import type { ClientDecorator } from '../client.ts';
import { kindOfAbort } from './deadline.ts';
import { UpstreamError } from '../failure/upstream-error.ts';

/** Of the connections to the service: enough for queries is left, however slowly files come. */
const UPLOADS_SHARE = 1 / 5;
/** Uploads that wait for each that is let in. */
const WAITING_PER_PLACE = 4;
const RETRY_AFTER_SECONDS = 10;

/**
 * Keeps calls that send a file from taking every connection: each holds one for as long as its client takes to send it.
 * (Uploads to the storage have connections of their own.) Waiting here is no fault of the service's.
 */
export function withUploadBulkhead({
  connections,
  queues,
}: {
  readonly connections: number;
  readonly queues: Queues;
}): ClientDecorator {
  const places = Math.max(1, Math.floor(connections * UPLOADS_SHARE));
  const bulkhead = new Bulkhead({ places, maxWaiting: places * WAITING_PER_PLACE });

  queues.add('upload-bulkhead', () => bulkhead.oldestMs);

  async function enter(operation: string, caller: string, signal: AbortSignal | undefined) {
    try {
      return await bulkhead.enter({ caller, signal });
    } catch (cause) {
      if (cause instanceof BulkheadFullError) {
        const retryAfterSeconds = RETRY_AFTER_SECONDS;
        throw new UpstreamError({ operation, kind: 'over-budget', retryAfterSeconds, cause });
      }
      throw new UpstreamError({ operation, kind: kindOfAbort(cause), cause });
    }
  }

  return (client) => ({
    ...client,
    async call(call, options = {}) {
      if (!(call.body instanceof MultipartBody)) return client.call(call, options);
      const { caller = '', signal, deadline } = options;
      const entering = enter(call.operation, caller, signal);
      using _place = await (deadline === undefined ? entering : deadline.stoppedFor(entering));
      return await client.call(call, options);
    },
  });
}
