import type { ExecutionResult, GraphQLError } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { currentRequest } from '../../observability/logging/request-scope.ts';
import { nodeResponse } from '../../http/client-address.ts';
import { EventStream } from './event-stream.ts';
import { acceptedOf, EVENTS_TYPE } from '../../http/media-types.ts';
import { errorWithId } from '../../http/use-request-id.ts';

export interface EventStreamsOptions {
  /** Aborted when the gateway begins to end, and streams with it. */
  readonly closing: AbortSignal;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  /**
   * Watches a credential for as long as its stream goes on. Calls `end` when it is no longer good; returns what ends the
   * watch.
   */
  readonly watchCredential: (request: Request, end: (refusal: GraphQLError) => void) => () => void;
}

/** After a gateway has ended its clients come back within so long, not all at once. */
const RETRY_MS = { least: 500, most: 3_000 };

/**
 * Subscriptions are answered with server-sent events and nothing else. Yoga has an encoder of its own; this one ends
 * streams with the gateway and with the credential of their caller, and lets go of clients who do not read.
 */
export function useEventStreams(options: EventStreamsOptions): Plugin {
  const { closing, heartbeatMs, stallMs, watchCredential } = options;
  const streams = new Set<EventStream>();
  const leaveOff = (stream: EventStream): void =>
    stream.leaveOff(Math.round(RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least)));
  closing.addEventListener('abort', () => {
    for (const stream of streams) leaveOff(stream);
  });

  return {
    onSubscribe({ args: { contextValue } }) {
      const { request } = contextValue as { readonly request: Request };
      if (acceptedOf(request.headers.get('accept'), [EVENTS_TYPE]).length === 0) throw notAccepted();
    },

    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      if (!isAsyncIterable(result)) return;
      setResultProcessor((results, fetchAPI) => {
        if (!isAsyncIterable(results)) throw new TypeError('a stream of events has become a single result');
        const own = currentRequest();
        const response = nodeResponse(serverContext);
        const onStall = (): void => void response?.destroy();
        const stream = new EventStream(results, { heartbeatMs, stallMs, onStall });
        const unwatch = watchCredential(request, (refusal) => {
          own?.notes.errors.add(String(refusal.extensions['code']));
          stream.finish({ errors: [errorWithId(refusal, own?.requestId ?? '')] });
        });
        streams.add(stream);
        stream.once('close', () => {
          streams.delete(stream);
          unwatch();
        });
        // A client who has left before anything was sent: nobody would read the stream, nor end it.
        if (response?.closed === true) stream.destroy();
        else response?.once('close', () => stream.destroy());
        if (closing.aborted) leaveOff(stream);
        // Yoga's own Response takes streams of Node, and pipes them; its type is that of browsers.
        const body = stream as unknown as ReadableStream;
        return new fetchAPI.Response(body, { headers: HEADERS });
      }, EVENTS_TYPE);
    },

    onResponse({ response: { headers } }) {
      // Single results of clients who want events are Yoga's to encode: in an encoding that is none (RFC 9110, 8.4.1).
      if (headers.get('content-encoding') !== 'none') return;
      headers.delete('content-encoding');
      headers.delete('connection'); // Node's to decide: Yoga would keep open what the client wants closed
      for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
    },
  };
}

const HEADERS = {
  'content-type': `${EVENTS_TYPE}; charset=utf-8`,
  // A proxy that packs or gathers answers would keep events back (`X-Accel-Buffering` is nginx's).
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

function isAsyncIterable(result: unknown): result is AsyncIterable<ExecutionResult> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
}

function notAccepted(): Error {
  const message = 'Subscriptions are answered with server-sent events: accept text/event-stream.';
  return createGraphQLError(message, {
    extensions: { code: 'EVENT_STREAM_ONLY', http: { status: 406 } },
  });
}
