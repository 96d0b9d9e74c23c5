import type { Queues } from '../../observability/queues.ts';
import type { Stage } from '../call.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import { Bulkhead, BulkheadFullError } from './bulkhead.ts';
import { kindOfAbort } from './deadline.ts';

/** Share of the connections to the service. The rest stays free for queries, however slowly files arrive. */
const UPLOADS_SHARE = 1 / 5;
const WAITING_PER_SLOT = 4;
const RETRY_AFTER_SECONDS = 10;

/**
 * Keeps calls that stream a file from taking every connection: each holds one for as long as its client takes to send the
 * file. (Uploads to the storage have connections of their own.) A wait here is not the fault of the service.
 */
export function withUploadBulkhead({
  connections,
  queues,
}: {
  readonly connections: number;
  readonly queues: Queues;
}): Stage {
  const slots = Math.max(1, Math.floor(connections * UPLOADS_SHARE));
  const bulkhead = new Bulkhead({ slots, maxWaiting: slots * WAITING_PER_SLOT });
  queues.add('upload-bulkhead', () => bulkhead.oldestMs);

  return async (call, options, next) => {
    if (call.effect !== 'stream') return await next(options);
    const { caller = '', signal, deadline } = options;
    const acquiring = acquire(bulkhead, call.operation, caller, signal);
    using _slot = await (deadline === undefined ? acquiring : deadline.stoppedFor(acquiring));
    return await next(options);
  };
}

async function acquire(
  bulkhead: Bulkhead,
  operation: string,
  caller: string,
  signal: AbortSignal | undefined,
): Promise<Disposable> {
  try {
    return await bulkhead.acquire({ caller, signal });
  } catch (cause) {
    if (cause instanceof BulkheadFullError) {
      const retryAfterSeconds = RETRY_AFTER_SECONDS;
      throw new UpstreamError({ operation, kind: 'over-budget', retryAfterSeconds, cause });
    }
    throw new UpstreamError({ operation, kind: kindOfAbort(cause), cause });
  }
}
