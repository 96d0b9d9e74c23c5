import type { CallFacts, Client } from '../call.ts';
import type { OriginClients } from '../sandbox-headers.ts';

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
