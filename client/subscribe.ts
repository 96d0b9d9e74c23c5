import { parseAnswer } from './answer.ts';
import { GatewayUnreachableError, GraphqlRequestError } from './errors.ts';
import type { Operation } from './multipart.ts';

export interface StreamOptions {
  /** Ends the stream, whose iterator throws the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the stream is connected, and when its connection is lost and will be opened again. */
  readonly onConnection?: ((connection: 'open' | 'lost') => void) | undefined;
  /** Connections in a row without an event, after which the stream fails; `Infinity` for none. @default 10, in about two minutes */
  readonly attempts?: number | undefined;
  /** The longest pause before a new connection. Pauses double up to it. @default 15 000 */
  readonly longestPauseMs?: number | undefined;
}

type Headers = () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

const FIRST_PAUSE_MS = 500;

/** Errors within a stream after which a new connection continues: it sends current headers and begins with the current state. */
const TRANSIENT = new Set(['STREAM_TOO_SLOW', 'UNAUTHENTICATED']);

/** A gateway that restarts or has too many streams is tried again; other refusals are final. */
const isTransient = ({ status, code }: GraphqlRequestError): boolean =>
  status === 200 ? TRANSIENT.has(code) : status === 429 || status >= 500;

/**
 * The data of the events of a subscription, until the gateway completes it: GraphQL over SSE, distinct connections mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). A stream that ends without `complete` is opened again.
 */
export async function* subscribe(
  url: string,
  operation: Operation,
  headers: Headers,
  { signal, onConnection, attempts = 10, longestPauseMs = 15_000 }: StreamOptions,
): AsyncGenerator<unknown, void> {
  let failures = 0;
  for (;;) {
    let pauseMs = FIRST_PAUSE_MS;
    let failure: unknown = new GatewayUnreachableError('The connection ended.');
    try {
      const response = await open(url, operation, await headers(), signal);
      onConnection?.('open');
      for await (const { event, data, retryMs } of eventsOf(response)) {
        pauseMs = retryMs ?? pauseMs;
        if (event === 'complete') return;
        if (event !== 'next') continue;
        yield dataOf(data, response.status);
        failures = 0;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GraphqlRequestError && !isTransient(error)) throw error;
      failure = error;
    }
    failures += 1;
    if (failures >= attempts) throw failure;
    onConnection?.('lost');
    // A random share, so that the clients of a restarted gateway do not all come at once.
    const pause = Math.min(pauseMs * 2 ** (failures - 1), longestPauseMs);
    await sleep(pause * (0.5 + Math.random() / 2), signal);
  }
}

/** @throws {GraphqlRequestError} for an event with an error */
function dataOf(text: string, status: number): unknown {
  const answer = parseAnswer(text) ?? {};
  const [error] = answer.errors ?? [];
  if (error !== undefined) throw new GraphqlRequestError(status, error, answer);
  return answer.data;
}

async function open(
  url: string,
  operation: Operation,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const sent = { accept: 'text/event-stream', 'content-type': 'application/json', ...headers };
  const body = JSON.stringify(operation);
  const response = await fetch(url, { method: 'POST', body, headers: sent, signal: signal ?? null }).catch(
    (error: unknown) => {
      throw new GatewayUnreachableError('The gateway did not answer.', { cause: error });
    },
  );
  const { status } = response;
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) return response;
  const answer = parseAnswer(await response.text()) ?? {};
  const [error] = answer.errors ?? [];
  if (error === undefined)
    throw new GatewayUnreachableError(`The subscription was refused with status ${status}.`);
  throw new GraphqlRequestError(status, error, answer);
}

interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** How long to wait before the next connection. */
  readonly retryMs: number | undefined;
}

/** Server-sent events as in https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
async function* eventsOf({ body }: Response): AsyncGenerator<ServerEvent, void> {
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new GatewayUnreachableError('The connection was lost.', { cause: error });
      });
      if (done) return;
      const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
      rest = blocks.pop() ?? '';
      yield* blocks.map(parseEvent);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parseEvent(block: string): ServerEvent {
  let event = 'message';
  let retryMs: number | undefined;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
    if (field === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  }
  return { event, data: data.join('\n'), retryMs };
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });
}
