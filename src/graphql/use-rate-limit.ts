import type { ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../resolvers/context.ts';
import { nodeRequest } from '../http/client-address.ts';
import { RefusalError } from '../http/error-response.ts';
import { excessRefusal } from '../http/rate-limit.ts';
import type { RateLimit } from '../http/rate-limit.ts';

/** Counts operations for their callers; see `RateLimit.takeForCaller`. */
export function useRateLimit(rateLimit: RateLimit): Plugin {
  const countForCaller = async ({ args }: { readonly args: ExecutionArgs }): Promise<void> => {
    // Yoga's types do not know our context.
    const context = args.contextValue as Pick<GatewayContext, 'caller'>;
    const excess = await rateLimit.takeForCaller(nodeRequest(context), context.caller);
    if (excess !== undefined) throw new RefusalError(excessRefusal(excess));
  };
  return { onExecute: countForCaller, onSubscribe: countForCaller };
}
