import { GatewayUnreachableError, GraphqlRequestError } from './errors.ts';
import type { GraphqlErrorBody } from './errors.ts';
import type { Operation } from './multipart.ts';

interface SubscribeOptions {
  readonly headers: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly signal: AbortSignal | undefined;
}

/** Attempts in a row without an event before the gateway counts as unreachable. */
const ATTEMPTS = 10;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * The events of a subscription as JSON texts, until the gateway completes it: GraphQL over SSE, distinct connections mode
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md). A stream that ends without `complete` is opened again.
 */
export async function* subscribe(
  url: string,
  operation: Operation,
  { headers, signal }: SubscribeOptions,
): AsyncGenerator<string, void> {
  let failures = 0;
  for (;;) {
    try {
      for await (const { event, data } of eventsOf(await open(url, operation, { headers, signal }))) {
        failures = 0;
        if (event === 'complete') return;
        if (event === 'next') yield data;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof GraphqlRequestError || failures + 1 >= ATTEMPTS) throw error;
    }
    failures += 1;
    // A random share, so that the clients of a restarted gateway do not all come at once.
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    await sleep(pause * (0.5 + Math.random() / 2), signal);
  }
}

async function open(
  url: string,
  operation: Operation,
  { headers, signal }: SubscribeOptions,
): Promise<Response> {
  const sent = { accept: 'text/event-stream', 'content-type': 'application/json', ...(await headers()) };
  const body = JSON.stringify(operation);
  const response = await fetch(url, { method: 'POST', body, headers: sent, signal: signal ?? null }).catch(
    (error: unknown) => {
      throw new GatewayUnreachableError('The gateway did not answer.', { cause: error });
    },
  );
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) return response;
  const text = await response.text();
  // A gateway that restarts or has too many streams is tried again; other refusals are final.
  if (response.status === 429 || response.status >= 500)
    throw new GatewayUnreachableError(`The gateway refused the subscription with status ${response.status}.`);
  throw new GraphqlRequestError(response.status, errorIn(text));
}

function errorIn(text: string): GraphqlErrorBody {
  try {
    const [error] = JSON.parse(text).errors;
    return error;
  } catch {
    return { message: 'The answer is not GraphQL.' };
  }
}

interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Server-sent events as in https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
async function* eventsOf({ body }: Response): AsyncGenerator<ServerEvent, void> {
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return event === 'message' && data.length === 0 ? undefined : { event, data: data.join('\n') };
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
