import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { GraphQLError } from 'graphql';
import type { ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { RequestHeaders } from '../../auth/headers.ts';
import { nodeRequest, nodeResponse } from '../../http/client-address.ts';
import { RefusalError } from '../../http/answer.ts';
import type { Refusal } from '../../http/answer.ts';
import { acceptedOf, EVENTS_TYPE } from '../../http/media-types.ts';
import { currentRequest } from '../../observability/logging/request-scope.ts';
import type { Check } from '../operation.ts';
import { printed } from '../results.ts';

/** The limits and times of event streams. */
export interface StreamOptions {
  /** Open streams in total. */
  readonly maxStreams: number;
  /** Open streams of one caller, or of one address without authentication. */
  readonly maxStreamsPerCaller: number;
  /** The interval of keep-alive comments, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long a client may leave events unread, in milliseconds. @default 30 000 */
  readonly stallMs?: number;
  /** The interval at which tokens and keys are checked again, in milliseconds. @default 30 000 */
  readonly recheckMs?: number;
}

export interface EventStreamsOptions extends Pick<StreamOptions, 'heartbeatMs' | 'stallMs'> {
  /** Aborted when the gateway shuts down, which ends the streams. */
  readonly draining: AbortSignal;
  /** Watches the credential of a stream until `stop`. It calls `end` when the credential becomes invalid. */
  readonly watchCredential: (request: Request, end: (refusal: Refusal) => void) => { stop(): void };
  /** Receives each request that is answered with a stream. */
  readonly becomesStream?: (req: IncomingMessage) => void;
}

/** The range in which clients reconnect after a shutdown, so that they do not all return at once. */
const RETRY_MS = { least: 500, most: 3_000 };

/** The open streams, which end when the gateway drains. */
class OpenStreams {
  readonly #streams = new Set<EventStream>();
  readonly #draining: AbortSignal;

  constructor(draining: AbortSignal) {
    this.#draining = draining;
    draining.addEventListener('abort', () => {
      for (const stream of this.#streams) leaveOff(stream);
    });
  }

  add(stream: EventStream): void {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    if (this.#draining.aborted) leaveOff(stream);
  }
}

function leaveOff(stream: EventStream): void {
  stream.leaveOff(Math.round(RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least)));
}

/**
 * Answers subscriptions with server-sent events only. Unlike Yoga's own encoder, it ends streams at a shutdown and when the
 * credential of their caller becomes invalid, and disconnects clients that do not read.
 */
export function useEventStreams(options: EventStreamsOptions): Plugin {
  const { draining, heartbeatMs, stallMs = 30_000, watchCredential, becomesStream } = options;
  const streams = new OpenStreams(draining);

  return {
    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      if (!isAsyncIterable(result)) return;
      setResultProcessor((results, fetchAPI) => {
        if (!isAsyncIterable(results)) throw new TypeError('an event stream has become a single result');
        const own = currentRequest();
        const response = nodeResponse(serverContext);
        const onStall = (): void => void response?.destroy();
        const stream = new EventStream(results, { heartbeatMs, stallMs, onStall });
        const watch = watchCredential(request, ({ code, message }) => {
          own?.record.errors.add(code);
          const extensions = { code, requestId: own?.requestId };
          stream.finish({ errors: [new GraphQLError(message, { extensions })] });
        });
        stream.once('close', () => watch.stop());
        // Nothing would read or end the stream of a client that has already left.
        if (response?.closed === true) stream.destroy();
        else response?.once('close', () => stream.destroy());
        streams.add(stream);
        // Yoga's Response accepts streams of Node and pipes them; its type is that of browsers.
        const body = stream as unknown as ReadableStream;
        return new fetchAPI.Response(body, { headers: HEADERS });
      }, EVENTS_TYPE);
    },

    onResponse({ response: { headers }, serverContext }) {
      const req = nodeRequest(serverContext);
      if (req !== undefined && headers.get('content-type')?.startsWith(EVENTS_TYPE) === true)
        becomesStream?.(req);
      // Yoga encodes single results for clients that accept events only, with a coding that does not exist (RFC 9110, 8.4.1).
      if (headers.get('content-encoding') !== 'none') return;
      headers.delete('content-encoding');
      headers.delete('connection'); // Node decides; Yoga would keep a connection open that the client wants closed
      for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
    },
  };
}

const HEADERS = {
  'content-type': `${EVENTS_TYPE}; charset=utf-8`,
  // A proxy that compresses or buffers answers would hold events back (`X-Accel-Buffering` is for nginx).
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

function isAsyncIterable(result: unknown): result is AsyncIterable<ExecutionResult> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
}

/** Refuses subscriptions of clients that accept no server-sent events. */
export const requireEventStreams: Check = ({ operation, request: { headers } }) => {
  if (operation.kind === 'subscription' && !acceptsEvents(headers)) throw notAccepted();
};

/** Whether an answer may be a stream of server-sent events. */
export const acceptsEvents = (headers: RequestHeaders): boolean =>
  acceptedOf(headers.get('accept'), [EVENTS_TYPE]).length > 0;

function notAccepted(): Error {
  return new RefusalError({
    status: 406,
    code: 'EVENT_STREAM_ONLY',
    message: 'Subscriptions are answered with server-sent events: accept text/event-stream.',
  });
}

interface EventStreamOptions {
  /** The interval of keep-alive comments, in milliseconds: proxies close idle connections. */
  readonly heartbeatMs: number;
  /** How long a client may leave events unread, in milliseconds. */
  readonly stallMs: number;
  /** Called when the client reads nothing. */
  readonly onStall: () => void;
}

/** The buffer for a slow client: more than one event, and no more memory than a connection uses. */
const BUFFER_BYTES = 16 * 1024;
const HEARTBEAT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

/**
 * Results as server-sent events, in the distinct connections mode of GraphQL over SSE
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `next` for each, then `complete`. It pulls
 * results as the client reads, and ends the source when the client leaves.
 */
export class EventStream extends Readable {
  readonly #source: AsyncIterator<ExecutionResult>;
  readonly #options: EventStreamOptions;
  readonly #heartbeat: NodeJS.Timeout;
  #stall: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;
  #isEnded = false;

  constructor(results: AsyncIterable<ExecutionResult>, options: EventStreamOptions) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#source = results[Symbol.asyncIterator]();
    this.#options = options;
    this.#heartbeat = setInterval(() => {
      if (this.readableLength === 0) this.push(HEARTBEAT);
    }, options.heartbeatMs);
    this.push(HEARTBEAT); // some browsers report an answer only with its first bytes
    void this.#pump();
  }

  /** Sends a last result and completes the stream. */
  finish(result: ExecutionResult): void {
    this.#end(nextOf(result) + COMPLETE);
  }

  /** Ends without completing: clients reconnect, browsers after `retryMs`. */
  leaveOff(retryMs: number): void {
    this.#end(`retry: ${retryMs}\n\n`);
  }

  override _read(): void {
    clearTimeout(this.#stall);
    this.#drained?.();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#isEnded = true;
    this.#clear();
    callback(error);
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#source.next();
        if (this.#isEnded) return;
        if (done === true) return this.#end(COMPLETE);
        if (!this.push(nextOf(value))) await this.#drain();
        if (this.#isEnded) return;
      }
    } catch {
      // Yoga turns errors into results, so the client has left or the error is not for clients.
      this.#end('');
    }
  }

  async #drain(): Promise<void> {
    this.#stall = setTimeout(this.#options.onStall, this.#options.stallMs);
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  #end(last: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#clear();
    this.#stall = setTimeout(this.#options.onStall, this.#options.stallMs);
    if (last !== '') this.push(last);
    this.push(null);
  }

  #clear(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#stall);
    this.#drained?.();
    void this.#source.return?.();
  }
}

function nextOf(result: ExecutionResult): string {
  return `event: next\ndata: ${printed(result)}\n\n`;
}
