import { ownFiscalCode } from '../auth/caller.ts';
import type { GatewayContext } from './context.ts';
import { ChangeStream, SlowReaderError } from '../watching/change-stream.ts';
import { WatcherFullError } from '../watching/status-watcher.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { StreamError } from './errors/faults.ts';
import { translateUpstreamError } from './errors/translate-upstream-error.ts';
import { authorizeRead } from './shared/read-request.ts';

/** The maximum age of a shared first read. It absorbs the clients that all subscribe again after a restart. */
const MAX_AGE_MS = 2_000;

/**
 * The current signature request, then its state after each change, until a final status.
 * @throws {NotFoundError} and upstream faults, also from the iterator
 * @throws {StreamError} `TOO_MANY_STREAMS` if the watcher is full
 */
export async function signatureRequestChanged(
  context: GatewayContext,
  id: string,
): Promise<AsyncIterable<SignatureRequest>> {
  const { watcher, signal, caller } = context;
  // For a citizen always read: the time of a shared read would reveal that a request of another citizen exists.
  const maxAgeMs = ownFiscalCode(caller) === undefined ? MAX_AGE_MS : 0;
  const seen = await authorizeRead(context, () => watcher.read(id, { signal, maxAgeMs }));
  try {
    return translatedStream(new ChangeStream(watcher, seen, { signal }));
  } catch (failure) {
    throw translateStreamError(failure);
  }
}

export function eventOf({ loaders }: GatewayContext, request: SignatureRequest): SignatureRequest {
  loaders.clearRequests();
  return request;
}

/** Not a generator: `return()` of a generator waits for its pending `next()`. */
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
