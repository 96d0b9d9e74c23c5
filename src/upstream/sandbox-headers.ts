import type { ApiCall, UpstreamClient } from './client.ts';
import type { BlobStorage } from './storage/blob-storage.ts';

interface Ways {
  readonly upstream: UpstreamClient;
  readonly storage: BlobStorage;
}

/** A sandbox's own headers. The storage is part of it and knows them too. */
const SANDBOX_HEADER = /^x-sandbox-[a-z-]+$/;
/** Those, and the one that Prism understands. */
const API_HEADER = /^(prefer|x-sandbox-[a-z-]+)$/;

/** Whether the answer is one that a caller has ordered: it says nothing about the service, and is nobody else's. */
export function isStaged({ headers = {} }: Pick<ApiCall<unknown>, 'headers'>): boolean {
  return Object.keys(headers).some((name) => API_HEADER.test(name));
}

/**
 * Passes on what a caller says to the sandbox (`Prefer: code=404`, `x-sandbox-fault: …`) with every call made for it.
 * For a sandbox only: the real service must never see a header of a caller.
 */
export function withSandboxHeaders({ upstream, storage }: Ways, caller: Headers): Ways {
  const ofCaller = (names: RegExp): Record<string, string> =>
    Object.fromEntries([...caller].filter(([name]) => names.test(name)));
  const [toApi, toStorage] = [ofCaller(API_HEADER), ofCaller(SANDBOX_HEADER)];
  if (Object.keys(toApi).length === 0) return { upstream, storage };
  return {
    upstream: {
      ...upstream,
      call: (call, options) => upstream.call({ ...call, headers: toApi }, options),
    },
    storage: {
      ...storage,
      getBlob: (url, options) => storage.getBlob(url, { ...options, headers: toStorage }),
      getBlobProperties: (url, options) => storage.getBlobProperties(url, { ...options, headers: toStorage }),
      putBlob: (url, bytes, options) => storage.putBlob(url, bytes, { ...options, headers: toStorage }),
      putBlock: (url, id, bytes, options) =>
        storage.putBlock(url, id, bytes, { ...options, headers: toStorage }),
      putBlockList: (url, ids, options) => storage.putBlockList(url, ids, { ...options, headers: toStorage }),
    },
  };
}
