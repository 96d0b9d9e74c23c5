import type { IncomingMessage } from 'node:http';
import { createYoga } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import type { Caller } from '../auth/caller.ts';
import { NodeHeaders } from '../auth/headers.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import type { JsonEndpoint, JsonEndpointOptions } from '../graphql/json-endpoint.ts';
import type { Operations } from '../graphql/operations.ts';
import { readBody } from '../graphql/parsing/read-body.ts';
import type { BodyLimits } from '../graphql/parsing/read-body.ts';
import { formatOf, parametersOf, parserFor, GRAPHQL_TYPE } from '../graphql/parsing/request-format.ts';
import type { RequestFormat, TextParser } from '../graphql/parsing/request-format.ts';
import { useUploads } from '../graphql/parsing/use-uploads.ts';
import { jsonAnswer } from '../graphql/results.ts';
import type { Results } from '../graphql/results.ts';
import { CredentialWatch } from '../graphql/subscriptions/stream-limits.ts';
import { useEventStreams } from '../graphql/subscriptions/use-event-streams.ts';
import { refusalOf } from '../http/admission.ts';
import type { AdmissionOptions } from '../http/admission.ts';
import { nodeRequest, nodeResponse } from '../http/client-address.ts';
import { RefusalError } from '../http/answer.ts';
import { JSON_TYPE, MULTIPART_TYPE } from '../http/media-types.ts';
import { schema } from '../schema/index.ts';
import type { GatewayOptions, Parts } from './parts.ts';

export interface GatewayYogaOptions {
  /** What Yoga shares with the JSON endpoint, and that endpoint, which may have read a request before. */
  readonly shared: JsonEndpointOptions;
  readonly json: JsonEndpoint;
  readonly admission: AdmissionOptions;
}

/**
 * Yoga, for requests with files, answers that are event streams, and all that is refused for its method or headers. Parsing,
 * checks and execution are those of `Operations`.
 */
export function createGatewayYoga(options: GatewayOptions, parts: Parts, graphql: GatewayYogaOptions) {
  return createYoga({
    schema,
    multipart: false,
    maxRequestBodySize: false,
    parserAndValidationCache: false,
    plugins: pluginsOf(options, parts, graphql),
    // Yoga answers every URL that ends like this, and no URL ends with a line break.
    healthCheckEndpoint: '\n',
    maskedErrors: false, // `Results` masks
    logging: false,
    landingPage: false,
    cors: false, // the listener sets the headers
    graphiql: false,
  });
}

/** In the order in which a request passes them. The refusal of one keeps the request from the later ones. */
function pluginsOf(
  { streams, maxUploadBytes, uploadStallMs }: GatewayOptions,
  { lifecycle, queues }: Parts,
  { shared, json, admission }: GatewayYogaOptions,
): Plugin[] {
  const { operations, results, admit } = shared;
  return [
    useAdmission({ admit, admittedBefore: (req) => json.readBefore(req)?.caller }),
    useUploads({ maxFileBytes: maxUploadBytes, stallTimeoutMs: uploadStallMs, queues }),
    useRequestParser({ ...shared, readBefore: (req) => json.readBefore(req)?.parameters }),
    useOperations(operations, results),
    useEventStreams({
      ...streams,
      draining: lifecycle.draining,
      watchCredential: (request, end) => {
        const admitted = { headers: request.headers, caller: callerOf(request) };
        return new CredentialWatch({ ...admission, ...streams }, admitted, end);
      },
      becomesStream: (req) => lifecycle.inFlight.becomesStream(req),
    }),
  ];
}

/** The authenticated caller of each request. */
const callers = new WeakMap<Request, Caller>();

/** @throws {RefusalError} for a request that `useAdmission` has not admitted, so that no mistake lets one pass. */
function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new RefusalError(refusalOf('missing'));
  return caller;
}

interface AdmitOptions {
  /** @throws {RefusalError} */
  readonly admit: (headers: RequestHeaders) => Promise<Caller>;
  /** The caller of a request that has been admitted before. */
  readonly admittedBefore: (req: IncomingMessage) => Caller | undefined;
}

/** Refuses operations of foreign web pages and of unauthenticated clients, before anything of the body is read. */
function useAdmission({ admit, admittedBefore }: AdmitOptions): Plugin {
  return {
    async onRequestParse({ request, serverContext }) {
      const req = nodeRequest(serverContext);
      if (req === undefined) throw new TypeError('Yoga runs without node:http');
      callers.set(request, admittedBefore(req) ?? (await admit(new NodeHeaders(req.headers))));
    },
  };
}

interface RequestParserOptions {
  readonly parsers: ReadonlyMap<string, TextParser>;
  readonly limits: BodyLimits;
  /** Whether URLs may name a trusted document. */
  readonly documentIds: boolean;
  /** The parameters of a request whose body has been read before. */
  readonly readBefore: (req: IncomingMessage) => object | undefined;
}

/**
 * Parses requests that Yoga answers, one parser for each media type, and normalizes `Content-Type` and `Accept` to the form
 * that Yoga compares. It refuses a body or an `Accept` that it does not support in JSON and before anything runs: Yoga would
 * send no body, and would refuse an `Accept` only after a mutation has run.
 */
function useRequestParser({ parsers, limits, documentIds, readBefore }: RequestParserOptions): Plugin {
  const formats = new WeakMap<Request, RequestFormat>();
  return {
    onRequest({ request }) {
      const { method, headers } = request;
      const format = formatOf(method, headers);
      formats.set(request, format);
      if (headers.get('accept')) headers.set('accept', format.answers.join(', ') || JSON_TYPE);
      // `useUploads` needs the boundary of a multipart body.
      if (format.type !== '' && format.type !== MULTIPART_TYPE) headers.set('content-type', format.type);
    },

    onRequestParse({ request, url, serverContext, requestParser: earlier, setRequestParser }) {
      const { type = '', refusal } = formats.get(request) ?? {};
      // Here, because an unauthenticated client must not learn it.
      if (refusal !== undefined) throw refusal;
      if (request.method === 'GET')
        return setRequestParser(() => parametersOf(new URLSearchParams(url.search), documentIds));
      const req = nodeRequest(serverContext);
      if (request.method !== 'POST' || req === undefined) return;
      const known = readBefore(req);
      if (known !== undefined) return setRequestParser(() => known);
      if (type === MULTIPART_TYPE && earlier !== undefined) return setRequestParser(earlier);
      const parse = parserFor(type, parsers);
      setRequestParser(async () => parse(await readBody(req, limits)));
    },
  };
}

/**
 * Runs the operations that come through Yoga as all others (`Operations`), in place of Yoga's own parsing, validation and
 * execution, and makes their answers in JSON alike.
 */
function useOperations(operations: Operations, results: Results): Plugin {
  return {
    onParams({ params, request, context, setParams, setParamsHandler }) {
      const [req, res] = [nodeRequest(context), nodeResponse(context)];
      if (req === undefined || res === undefined) throw new TypeError('Yoga runs without node:http');
      const requested = operations.read(params, req.method);
      // Yoga checks the parameters again, and knows none of a trusted document.
      const { query, operationName, variables } = requested.parameters;
      setParams({
        query,
        ...(operationName !== undefined && { operationName }),
        variables: { ...variables },
      });
      const headers = new NodeHeaders(req.headers);
      setParamsHandler(() => operations.run(requested, { req, res, headers, caller: callerOf(request) }));
    },

    onResultProcess({ request, result, setResult, setResultProcessor }) {
      // Batches are switched off, so there is one result.
      const [single = {}] = [result].flat();
      const finished = results.finish(single);
      setResult(finished);
      const [type = ''] = (request.headers.get('accept') ?? JSON_TYPE).split(',');
      if (Symbol.asyncIterator in finished || (type !== JSON_TYPE && type !== GRAPHQL_TYPE)) return;
      setResultProcessor((_, fetchAPI) => {
        const { status, headers = {}, body } = jsonAnswer(finished, type);
        return new fetchAPI.Response(String(body), { status, headers });
      }, type);
    },
  };
}
