import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { problemAnswer, documentAddressOf } from '../downloads/document-answer.ts';
import { createRequestScope, forRequest, requestIdFrom } from '../observability/logging/request-scope.ts';
import type { RequestScope } from '../observability/logging/request-scope.ts';
import { withoutCredentialsOf } from '../observability/logging/scrubber.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { GRAPHQL_PATH, sendAnswer, errorAnswer } from './answer.ts';
import type { Answer, EdgeRequest, Route, Refusal } from './answer.ts';
import { preflightAnswer, setCorsHeaders } from './admission.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { logRequest, inRequestSpan } from './request-log.ts';

export interface ListenerOptions {
  /** Yoga's handler for `/graphql`. It receives Node's request and response in its context too, as from its own listener. */
  readonly answerGraphql: (
    req: IncomingMessage,
    res: ServerResponse,
    context: object,
  ) => Promise<Response> | Response;
  readonly gatekeeper?: Pick<Gatekeeper, 'refusalOf'>;
  /** What is answered without GraphQL, in order. */
  readonly routes?: readonly Route[];
  /** See `setCorsHeaders`. */
  readonly corsOrigins: readonly string[];
  readonly scrub: Scrubber;
  /** How long a streamed body may make no progress. @default 30 000 */
  readonly streamStallMs?: number | undefined;
  readonly tracer?: Tracer | undefined;
  readonly logger: Logger;
}

/**
 * Answers requests at the node:http edge. Each passes, in order: request id, URL, CORS, gatekeeper, the routes that need no
 * GraphQL, and Yoga.
 *
 * Yoga's own listener would answer an error of a hook or a header with its stack and write it to the console.
 */
export function createListener(options: ListenerOptions): RequestListener {
  return (req, res) => {
    const withoutCredentials = withoutCredentialsOf(req.headers);
    const requestId = requestIdFrom(req.headers['x-request-id'], (id) =>
      options.scrub(withoutCredentials(id)),
    );
    const scope = createRequestScope(requestId, withoutCredentials);
    res.setHeader('x-request-id', requestId);
    // Answers are for one caller. Caches that do not know `x-api-key`, and browsers, would keep them.
    res.setHeader('cache-control', 'no-store');
    void forRequest(scope, () => {
      logRequest(res, scope, options.logger);
      return respond(req, res, scope, options);
    });
  };
}

const UNREADABLE_TARGET: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'The request target or the Host header is not valid (RFC 9112, section 3.2).',
};
const ADDRESS_NOT_FOUND: Refusal = {
  status: 404,
  code: 'ADDRESS_NOT_FOUND',
  message: 'Nothing exists at this URL. Send operations to /graphql.',
};
const UNEXPECTED: Refusal = { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };

async function respond(
  req: IncomingMessage,
  res: ServerResponse,
  scope: RequestScope,
  options: ListenerOptions,
): Promise<void> {
  try {
    const url = readTarget(req);
    if (url === undefined) return await sendAnswer(errorAnswer(UNREADABLE_TARGET), res);
    const request = { req, res, url };
    const prepared = await inRequestSpan(options.tracer, request, scope, () =>
      prepare(request, res, options),
    );
    await prepared.send();
  } catch (error) {
    options.logger.error({ err: error }, 'a request could not be answered');
    if (res.headersSent) res.destroy();
    else await sendAnswer(errorAnswer(UNEXPECTED), res);
  }
}

/** An answer that is ready to be sent. */
interface Prepared {
  readonly status: number;
  send(): Promise<void> | void;
}

async function prepare(
  request: EdgeRequest,
  res: ServerResponse,
  options: ListenerOptions,
): Promise<Prepared> {
  const answer = await answerAtEdge(request, res, options);
  if (answer !== undefined) return { status: answer.status, send: () => send(answer, res, options) };
  const { req } = request;
  const response = await options.answerGraphql(req, res, { req, res });
  const { sendNodeResponse } = await import('@whatwg-node/server'); // Yoga has loaded it
  return { status: response.status, send: () => sendNodeResponse(response, res, req, true) };
}

/** @returns undefined for requests to GraphQL. */
async function answerAtEdge(
  request: EdgeRequest,
  res: ServerResponse,
  { corsOrigins, gatekeeper, routes = [] }: ListenerOptions,
): Promise<Answer | undefined> {
  const { req, url } = request;
  setCorsHeaders(req, res, corsOrigins);
  const preflight = preflightAnswer(req, corsOrigins);
  if (preflight !== undefined) return preflight;
  const checking = gatekeeper?.refusalOf(request);
  const refusal = checking instanceof Promise ? await checking : checking;
  if (refusal !== undefined)
    return documentAddressOf(url) === undefined ? errorAnswer(refusal) : problemAnswer(refusal);
  for (const route of routes) {
    const answering = route(request);
    const answer = answering && (await answering);
    if (answer !== undefined) return answer;
  }
  return GRAPHQL_PATH.test(url.pathname) ? undefined : errorAnswer(ADDRESS_NOT_FOUND);
}

async function send(
  answer: Answer,
  res: ServerResponse,
  { streamStallMs: stallMs, logger }: ListenerOptions,
): Promise<void> {
  try {
    await sendAnswer(answer, res, { stallMs });
  } catch (error) {
    if (!(answer.body instanceof Readable)) throw error;
    // The cause is logged where the body comes from; otherwise the client has left or the transfer has stalled.
    const name = error instanceof Error ? error.name : typeof error;
    logger.info({ name }, 'a document was not sent whole');
  }
}

/** The parts of a URI's authority that servers receive: RFC 9110, section 7.2, and RFC 3986, section 3.2. */
const HOST = /^(?:[\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/**
 * The URL that the target and the `Host` of a request form (RFC 9112, section 3.2); undefined when they form none. The
 * handlers join both, which throws for some values, and for others leads to a URL that the client did not send.
 *
 * A target in absolute form is split: its host replaces the `Host` header.
 */
function readTarget(req: IncomingMessage): URL | undefined {
  const { url: target = '', httpVersion, headers } = req;
  const { host } = headers;
  // HTTP/1.0 has no Host, and an empty one is valid for clients that do not know the name.
  if (host === undefined && httpVersion === '1.1') return undefined;
  if (host !== undefined && host !== '' && !HOST.test(host)) return undefined;
  if (target.startsWith('/')) return parsed(`http://${host || 'gateway'}${target}`);
  const url = URL.parse(target);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  req.url = `${url.pathname}${url.search}`;
  headers.host = url.host;
  return url;
}

/** The last one without a query: clients send their operations to one URL. */
let last: { readonly text: string; readonly url: URL | undefined } | undefined;

function parsed(text: string): URL | undefined {
  if (text === last?.text) return last.url;
  const url = URL.parse(text) ?? undefined;
  if (!text.includes('?')) last = { text, url };
  return url;
}
