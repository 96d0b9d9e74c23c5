import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Caller } from '../auth/caller.ts';
import { DownloadError, problemAnswer, documentAddressOf } from '../downloads/document-answer.ts';
import { readDocument } from '../downloads/read-document.ts';
import type { DocumentAddress } from '../downloads/document-answer.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import type { FaultCode } from '../resolvers/errors/codes.ts';
import { UpstreamFault } from '../resolvers/errors/faults.ts';
import type { Answer, Route, Refusal } from './answer.ts';
import { RefusalError } from './answer.ts';
import { refuseExcess } from './rate-limit.ts';
import type { RateLimit } from './rate-limit.ts';
import { NodeHeaders } from '../auth/headers.ts';
import type { RequestHeaders } from '../auth/headers.ts';

export interface DocumentRouteOptions {
  /** Checks the origin and authenticates. @throws {RefusalError} */
  readonly admit: (headers: RequestHeaders) => Promise<Caller>;
  readonly rateLimit: RateLimit | undefined;
  readonly contextOf: (headers: RequestHeaders, req: IncomingMessage, caller: Caller) => GatewayContext;
  /** Aborted when the client leaves, and at the end of a shutdown. */
  readonly signalOf: (req: IncomingMessage) => AbortSignal;
  readonly logger: Logger;
}

/** Answers `GET` and `HEAD` of `/documents/{requestId}/{documentId}.pdf`. Every refusal is a problem document. */
export function documentRoute(options: DocumentRouteOptions): Route {
  return ({ req, url }) => {
    const address = documentAddressOf(url);
    return address && answerOrProblem(options, req, address);
  };
}

async function answerOrProblem(
  options: DocumentRouteOptions,
  req: IncomingMessage,
  address: DocumentAddress,
): Promise<Answer> {
  try {
    return await answerDocument(options, req, address);
  } catch (failure) {
    return problemAnswer(refusalOfFailure(failure, options.logger));
  }
}

async function answerDocument(
  { admit, rateLimit, contextOf, signalOf }: DocumentRouteOptions,
  req: IncomingMessage,
  address: DocumentAddress,
): Promise<Answer> {
  const { method } = req;
  if (method !== 'GET' && method !== 'HEAD')
    throw new DownloadError('METHOD_NOT_ALLOWED', { headers: { allow: 'GET, HEAD' } });
  const headers = new NodeHeaders(req.headers);
  const caller = await admit(headers);
  refuseExcess(await rateLimit?.takeForCaller(req, caller));
  const context = contextOf(headers, req, caller);
  using deadline = context.deadline;
  deadline.start();
  return await readDocument(context, { ...address, method, headers }, signalOf(req));
}

const STATUS_OF_FAULT: Readonly<Record<FaultCode, number>> = {
  UPSTREAM_TIMEOUT: 504,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_REFUSED: 502,
  UPSTREAM_CONTRACT: 502,
  RATE_LIMITED: 503,
  CALLER_UNAVAILABLE: 403,
  IDEMPOTENCY_UNAVAILABLE: 503,
};

/** Logs faults of the service and its storage by their cause, and unexpected errors by their name. */
function refusalOfFailure(failure: unknown, logger: Logger): Refusal {
  if (failure instanceof RefusalError) return failure;
  if (failure instanceof DownloadError) {
    const { code, cause } = failure;
    if (failure.status >= 500 || cause !== undefined)
      logger.warn({ code, cause: messageOf(cause) }, 'a document was not sent');
    return failure;
  }
  if (failure instanceof UpstreamFault) {
    const { code, message, retryAfterSeconds, cause } = failure;
    logger.warn({ code, cause: messageOf(cause) }, 'upstream fault');
    const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
    return { status: STATUS_OF_FAULT[code], code, message, headers };
  }
  logger.error({ name: failure instanceof Error ? failure.name : typeof failure }, 'unexpected error');
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };
}

const messageOf = (cause: unknown): string | undefined =>
  cause instanceof Error ? cause.message : undefined;
