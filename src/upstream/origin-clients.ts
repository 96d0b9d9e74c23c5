import { withOptions } from './call.ts';
import type { UpstreamClient, CallFacts, Client } from './call.ts';
import type { StorageClient } from './storage/blobs.ts';

/** The clients of the gateway, or their bare counterparts for calls with sandbox headers. */
export interface OriginClients {
  readonly upstream: UpstreamClient;
  readonly storage: StorageClient;
}

/** The headers of a sandbox. Its storage knows them too. */
const SANDBOX_HEADER = /^x-sandbox-[a-z-]+$/;
/** Those, and the header of Prism. */
const API_HEADER = /^(prefer|x-sandbox-[a-z-]+)$/;

/**
 * The bare clients with the sandbox headers of a caller (`Prefer: code=404`, `x-sandbox-fault: …`), which go with every
 * call. For a sandbox only: the service must never receive a header of a caller.
 * @returns undefined for a caller without such headers.
 */
export function withSandboxHeaders(
  bare: OriginClients,
  caller: Iterable<[string, string]>,
): OriginClients | undefined {
  const matching = (names: RegExp): Record<string, string> =>
    Object.fromEntries([...caller].filter(([name]) => names.test(name)));
  const [toApi, toStorage] = [matching(API_HEADER), matching(SANDBOX_HEADER)];
  if (Object.keys(toApi).length === 0) return undefined;
  // The storage ignores `prefer`.
  return {
    upstream: withOptions(bare.upstream, { headers: toApi }),
    storage: withOptions(bare.storage, { headers: toStorage }),
  };
}

/** The number of calls and the sum of their durations; calls at the same time count in full. */
export interface CallTally {
  calls: number;
  durationMs: number;
}

/** Adds each call to the tally when it ends, with its retries as one. A download ends when its content begins. */
export function counted({ upstream, storage }: OriginClients, tally: CallTally): OriginClients {
  return { upstream: countedClient(upstream, tally), storage: countedClient(storage, tally) };
}

function countedClient<Facts extends CallFacts, Answer extends readonly unknown[]>(
  client: Client<Facts, Answer>,
  tally: CallTally,
): Client<Facts, Answer> {
  return {
    async call(call, options) {
      const startedAt = performance.now();
      try {
        return await client.call(call, options);
      } finally {
        tally.calls += 1;
        tally.durationMs += performance.now() - startedAt;
      }
    },
    close: () => client.close(),
  };
}
