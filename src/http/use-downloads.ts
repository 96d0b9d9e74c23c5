import { ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import type { FetchAPI, Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Caller } from '../auth/caller.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { DownloadError } from '../downloads/download-errors.ts';
import { problemAnswer } from '../downloads/problem-document.ts';
import type { Problem } from '../downloads/problem-document.ts';
import { readDocument } from '../downloads/read-document.ts';
import { documentAddressOf } from '../downloads/route.ts';
import type { DocumentAddress } from '../downloads/route.ts';
import { UpstreamFault } from '../resolvers/errors/faults.ts';
import type { FaultCode } from '../resolvers/errors/codes.ts';
import { streamBody } from './stream-body.ts';
import type { RateLimit } from './rate-limit.ts';
import { TOO_MANY_REQUESTS } from './use-rate-limit.ts';
import { checkOrigin } from './use-same-origin.ts';

export interface DownloadsPluginOptions {
  /** Origins, besides the gateway's own, whose pages may use it. */
  readonly origins: readonly string[];
  /** Who sent a request. @throws {GraphQLError} a refusal, as for operations. */
  readonly admit: (request: Request) => Promise<Caller>;
  readonly rateLimit: RateLimit | undefined;
  readonly contextOf: (request: Request, serverContext: object, caller: Caller) => GatewayContext;
  /** Aborted when the client leaves, and when the gateway cannot wait any longer. */
  readonly signalOf: (serverContext: object) => AbortSignal;
  readonly logger: Logger;
}

/**
 * Answers `GET` and `HEAD` of `/documents/{requestId}/{documentId}.pdf`. What comes before it holds for these addresses
 * too: whether there is too much to do, names of the gateway, rules of addresses, shares of requests, headers for pages of
 * other origins. It must come after all of that. Whoever is refused there gets a problem here as well.
 */
export function useDownloads(options: DownloadsPluginOptions): Plugin {
  return {
    async onRequest({ request, url, serverContext, fetchAPI, endResponse }) {
      const address = documentAddressOf(url);
      if (address === undefined) return;
      try {
        endResponse(await answer(options, { request, address, serverContext, fetchAPI }));
      } catch (failure) {
        const problem = problemOf(failure, options.logger);
        const { body, ...init } = problemAnswer(problem);
        endResponse(new fetchAPI.Response(request.method === 'HEAD' ? null : body, init));
      }
    },

    async onResponse({ request, response, fetchAPI, setResponse }) {
      const isRefusal = response.headers.get('content-type')?.startsWith('application/json') === true;
      if (!isRefusal || documentAddressOf(new URL(request.url)) === undefined) return;
      const { errors } = refusalRules.parse(await response.json());
      const { status } = response;
      const { body, headers } = problemAnswer({ status, ...errors[0] });
      // The length is that of the other form.
      const { 'content-length': _, ...kept } = Object.fromEntries(response.headers);
      setResponse(new fetchAPI.Response(body, { status, headers: { ...kept, ...headers } }));
    },
  };
}

interface DocumentRequest {
  readonly request: Request;
  readonly address: DocumentAddress;
  readonly serverContext: object;
  readonly fetchAPI: FetchAPI;
}

async function answer(
  { origins, admit, rateLimit, contextOf, signalOf }: DownloadsPluginOptions,
  { request, address, serverContext, fetchAPI }: DocumentRequest,
): Promise<Response> {
  const { method, headers } = request;
  if (method !== 'GET' && method !== 'HEAD')
    throw new DownloadError('METHOD_NOT_ALLOWED', { headers: { allow: 'GET, HEAD' } });
  checkOrigin(headers, origins);
  const caller = await admit(request);
  const excess = await rateLimit?.takeForCaller({ ...serverContext, caller });
  if (excess !== undefined) throw new RefusalError({ ...excess, status: 429, code: TOO_MANY_REQUESTS });
  const context = contextOf(request, serverContext, caller);
  using deadline = context.deadline;
  deadline.start();
  const signal = signalOf(serverContext);
  const { body, ...init } = await readDocument(context, { ...address, method, headers }, signal);
  const { res } = serverContext as { readonly res?: unknown };
  if (body !== undefined) {
    if (!(res instanceof ServerResponse)) throw new TypeError('a document has nobody to be sent to');
    streamBody(res, body);
  }
  return new fetchAPI.Response(null, init);
}

/** A refusal that operations have in another form. */
class RefusalError extends Error implements Problem {
  override readonly name = 'RefusalError';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor({
    status,
    code,
    message,
    seconds,
  }: {
    status: number;
    code: string;
    message: string;
    seconds: number;
  }) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = { 'retry-after': String(seconds) };
  }
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

/** What `createGraphQLError` is given for answers that have a status of their own. */
const refusalExtensions = z.object({
  code: z.string(),
  http: z.object({ status: z.number(), headers: z.record(z.string(), z.string()).optional() }),
});

/** As `refusal` writes it. */
const refusalRules = z.object({
  errors: z.tuple([
    z
      .object({ message: z.string(), extensions: z.object({ code: z.string() }) })
      .transform(({ message, extensions }) => ({ message, code: extensions.code })),
  ]),
});

/** Faults of the service and its storage are logged by what failed, everything unexpected by its name. */
function problemOf(failure: unknown, logger: Logger): Problem {
  if (failure instanceof RefusalError) return failure;
  if (failure instanceof DownloadError) {
    const { code, cause } = failure;
    if (failure.status >= 500 || cause !== undefined)
      logger.warn(
        { code, cause: cause instanceof Error ? cause.message : undefined },
        'a document was not sent',
      );
    return failure;
  }
  if (failure instanceof UpstreamFault) {
    const { code, message, retryAfterSeconds, cause } = failure;
    logger.warn({ code, cause: cause instanceof Error ? cause.message : undefined }, 'upstream fault');
    const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
    return { status: STATUS_OF_FAULT[code], code, message, headers };
  }
  if (failure instanceof GraphQLError) {
    const { data } = refusalExtensions.safeParse(failure.extensions);
    if (data !== undefined)
      return {
        status: data.http.status,
        code: data.code,
        message: failure.message,
        headers: data.http.headers ?? {},
      };
  }
  logger.error({ name: failure instanceof Error ? failure.name : typeof failure }, 'unexpected error');
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };
}
