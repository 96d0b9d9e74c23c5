import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../resolvers/context.ts';
import { nodeRequest } from '../http/client-address.ts';

/**
 * Starts the clock of an operation when its request has arrived whole, and ends it with the operation. An upload is so
 * not limited by a total: its client has to make progress (`BodyWatch`) and 20 minutes (`ClientTimes.request`), each block
 * has a deadline of its own, and after the last byte the operation has as long as any other. Subscriptions have no end.
 */
export function useOperationTime(): Plugin<GatewayContext> {
  return {
    onExecute({ args: { contextValue } }) {
      const { deadline } = contextValue;
      const req = nodeRequest(contextValue);
      if (req === undefined || req.complete) deadline.start();
      else req.once('end', () => deadline.start());
      return { onExecuteDone: () => deadline[Symbol.dispose]() };
    },
  };
}
