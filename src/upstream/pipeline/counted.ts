import type { UpstreamClient } from '../client.ts';
import type { BlobStorage } from '../storage/blob-storage.ts';

interface Ways {
  readonly upstream: UpstreamClient;
  readonly storage: BlobStorage;
}

/** Calls that were made, and how long they took together: of two at the same time both count. */
export interface CallTally {
  calls: number;
  durationMs: number;
}

/** Adds each call to the tally when it ends, with its repeats as one. A download ends here when its content begins. */
export function counted({ upstream, storage }: Ways, tally: CallTally): Ways {
  const count = async <T>(call: Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    try {
      return await call;
    } finally {
      tally.calls += 1;
      tally.durationMs += performance.now() - startedAt;
    }
  };
  return {
    upstream: { ...upstream, call: (call, options) => count(upstream.call(call, options)) },
    storage: {
      ...storage,
      getBlob: (url, options) => count(storage.getBlob(url, options)),
      getBlobProperties: (url, options) => count(storage.getBlobProperties(url, options)),
      putBlob: (url, bytes, options) => count(storage.putBlob(url, bytes, options)),
      putBlock: (url, id, bytes, options) => count(storage.putBlock(url, id, bytes, options)),
      putBlockList: (url, ids, options) => count(storage.putBlockList(url, ids, options)),
    },
  };
}
