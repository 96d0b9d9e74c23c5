import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { currentRequest } from '../observability/logging/request-scope.ts';

/** A request at the node:http edge, its response, and the URL that its target and its `Host` form. */
export interface EdgeRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly url: URL;
}

/** The path of the GraphQL endpoint. */
export const GRAPHQL_PATH = /^\/graphql\/?$/;

/** An answer that is made without GraphQL. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is read to its end or destroyed. */
  readonly body?: string | Uint8Array | Readable;
}

/** Answers the requests to some addresses. @returns undefined for other addresses. */
export type Route = (request: EdgeRequest) => Promise<Answer | undefined> | Answer | undefined;

const STALL_MS = 30_000;

/**
 * Sends an answer. A stream is sent as fast as the client reads it.
 *
 * @param stallMs how long a stream may make no progress, on either side
 * @throws when a stream is interrupted, the client disconnects, or the stream stalls; the connection is then closed, so that the
 * client does not take a part for the whole.
 */
export async function sendAnswer(
  { status, headers = {}, body }: Answer,
  res: ServerResponse,
  { stallMs = STALL_MS }: { readonly stallMs?: number | undefined } = {},
): Promise<void> {
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    // CORS varies by `Origin` already.
    if (name === 'vary') res.appendHeader(name, value);
    else res.setHeader(name, value);
  }
  if (body instanceof Readable) return await sendStream(body, res, stallMs);
  // Node would not send the length of the body in the answer to HEAD.
  if (body !== undefined) res.setHeader('content-length', Buffer.byteLength(body));
  await endOfTurn();
  res.end(body);
}

let turn: Promise<void> | undefined;

/**
 * Resolves when this turn of the event loop has handled what had arrived. Answers are written then, one after the other: a
 * write wakes the process that reads it, usually a proxy on the same machine, unless it is awake from the write before.
 */
function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined;
      resolve();
    });
  });
  return turn;
}

async function sendStream(body: Readable, res: ServerResponse, stallMs: number): Promise<void> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stallMs);
  async function* watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      timer.refresh();
      yield chunk;
      timer.refresh();
    }
  }
  try {
    await pipeline(body, watched, res, { signal: stalled.signal });
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

/** A request that is refused: the status, the error code, and a message for people. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A refusal that does not depend on the form of the answer: it becomes a GraphQL error or a problem document. */
export class RefusalError extends Error implements Refusal {
  override readonly name = 'RefusalError';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, code, message, headers = {} }: Refusal) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The body of an error that does not come from GraphQL, in the form of a GraphQL error because clients read that. */
export function errorBody({ code, message }: Pick<Refusal, 'code' | 'message'>, requestId?: string): string {
  const extensions = { code, ...(requestId !== undefined && { requestId }) };
  return JSON.stringify({ errors: [{ message, extensions }] });
}

/** The refusal as an answer. Records its code for the log. */
export function errorAnswer({ status, code, message, headers }: Refusal): Answer {
  const request = currentRequest();
  request?.record.errors.add(code);
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: errorBody({ code, message }, request?.requestId),
  };
}
