import { ownFiscalCode } from '../auth/caller.ts';
import type { GatewayContext } from './context.ts';
import { ChangeStream } from '../watching/change-stream.ts';
import type { StatusRead } from '../watching/changes.ts';
import { SlowReaderError } from '../watching/change-stream.ts';
import { WatcherFullError } from '../watching/status-watcher.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { StreamError } from './errors/stream-error.ts';
import { translateUpstreamError } from './errors/translate-upstream-error.ts';
import { visible } from './shared/authorize-access.ts';

/** What others have read a moment ago is the current state for those who come now, all at once after a restart. */
const FRESH_MS = 2_000;

/**
 * The request as it is, then each of its changes, until a final status.
 * @throws {NotFoundError} and the faults of the service, also from the iterator
 * @throws {StreamError} `TOO_MANY_STREAMS` when no more requests can be watched
 */
export async function signatureRequestChanged(
  context: GatewayContext,
  id: string,
): Promise<AsyncIterable<SignatureRequest>> {
  const { watcher, signal, caller } = context;
  // A citizen could tell by the missing call that somebody watches a request which is not theirs, hence that there is one.
  const maxAgeMs = ownFiscalCode(caller) === undefined ? FRESH_MS : 0;
  let seen: StatusRead | undefined;
  await visible(context, async () => {
    seen = await watcher.read(id, { signal, maxAgeMs });
    return seen.request;
  });
  if (seen === undefined) throw new TypeError('a request that is visible has not been read');
  try {
    return translatedStream(new ChangeStream(watcher, seen, { signal }));
  } catch (failure) {
    throw translateStreamError(failure);
  }
}

/** What one event shows must not be what an earlier one has read. */
export function eventOf({ loaders }: GatewayContext, request: SignatureRequest): SignatureRequest {
  loaders.signatureRequestById.clearAll();
  return request;
}

/** No generator: one that waits for its source could not be told to stop. */
function translatedStream(stream: ChangeStream): AsyncIterableIterator<SignatureRequest, undefined> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        return await stream.next();
      } catch (failure) {
        throw translateStreamError(failure);
      }
    },
    return: () => stream.return(),
  };
}

function translateStreamError(failure: unknown): unknown {
  if (failure instanceof WatcherFullError) return new StreamError('TOO_MANY_STREAMS');
  if (failure instanceof SlowReaderError) return new StreamError('STREAM_TOO_SLOW');
  return translateUpstreamError(failure);
}
