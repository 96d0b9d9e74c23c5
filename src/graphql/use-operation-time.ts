import type { Plugin } from 'graphql-yoga';
import type { GatewayContext } from '../resolvers/context.ts';
import { nodeRequest } from '../http/client-address.ts';

/**
 * Starts the deadline of an operation when its request has arrived completely, and disposes it with the operation. An upload
 * has no total deadline: its client must make progress (`BodyWatch`) within 20 minutes (`ClientTimes.request`), each block
 * has its own deadline, and after the last byte the operation has as long as any other. Subscriptions have no deadline.
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
