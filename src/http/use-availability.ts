import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Unavailability } from './gatekeeper.ts';
import { nodeRequest } from './client-address.ts';
import { refusal } from './error-response.ts';

const OVERLOADED = {
  code: 'OVERLOADED',
  message: 'The gateway has more to do than it can. Nothing was done for this request: send it again later.',
};
const SHUTTING_DOWN = {
  code: 'SHUTTING_DOWN',
  message: 'This gateway is shutting down. Nothing was done for this request: send it again.',
};

/** At random up to this, so that those who are sent away do not all come back at once. */
const LONGEST_WAIT_SECONDS = 5;

/**
 * Refuses requests with 503 while there is too much to do, or the gateway is about to end. It is the first of the
 * plugins, because a refusal is only worth something when it is cheap.
 * @param unavailability asked for every request: undefined when it can be taken.
 */
export function useAvailability(unavailability: () => Unavailability | undefined): Plugin {
  return {
    onRequest({ fetchAPI, endResponse }) {
      const reason = unavailability();
      if (reason === undefined) return;
      const isStopping = reason === 'stopping';
      const { code, message } = isStopping ? SHUTTING_DOWN : OVERLOADED;
      // Another gateway, or this one after its restart, can be asked at once.
      const seconds = isStopping ? 1 : 1 + Math.floor(Math.random() * LONGEST_WAIT_SECONDS);
      const headers = {
        'retry-after': String(seconds),
        ...(isStopping && { connection: 'close' }),
      };
      endResponse(refusal(fetchAPI, 503, code, message, headers));
    },
  };
}

/** Tells of answers that are streams of events, which go on until somebody ends them. */
export function useStreamCount(becomesStream: (req: IncomingMessage) => void): Plugin {
  return {
    onResponse({ response, serverContext }) {
      const req = nodeRequest(serverContext);
      if (req !== undefined && response.headers.get('content-type')?.startsWith('text/event-stream') === true)
        becomesStream(req);
    },
  };
}
