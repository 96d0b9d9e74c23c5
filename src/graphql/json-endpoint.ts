import type { IncomingMessage } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { Caller } from '../auth/caller.ts';
import { NodeHeaders } from '../auth/headers.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import { GRAPHQL_PATH } from '../http/answer.ts';
import type { Answer, EdgeRequest } from '../http/answer.ts';
import { JSON_TYPE } from '../http/media-types.ts';
import { errorsOf } from './operations.ts';
import type { Operations, Result } from './operations.ts';
import { readBody } from './parsing/read-body.ts';
import type { BodyLimits } from './parsing/read-body.ts';
import { formatOf, GRAPHQL_TYPE, parametersOf } from './parsing/request-format.ts';
import type { RequestFormat, TextParser } from './parsing/request-format.ts';
import { jsonAnswer } from './results.ts';
import type { Results } from './results.ts';
import { acceptsEvents } from './subscriptions/use-event-streams.ts';

export interface JsonEndpointOptions {
  readonly operations: Operations;
  readonly results: Results;
  /** Checks the origin and authenticates. @throws {RefusalError} */
  readonly admit: (headers: RequestHeaders) => Promise<Caller>;
  readonly parsers: ReadonlyMap<string, TextParser>;
  readonly limits: BodyLimits;
  /** Whether URLs may name a trusted document. */
  readonly documentIds: boolean;
}

/** A request that was read here and that Yoga answers. */
export interface Read {
  readonly caller: Caller;
  readonly parameters: object;
}

/**
 * Answers requests with a single result in JSON from node:http, without the `Request` and `Response` of Yoga, which cost more
 * than everything else of a small query. Every other request is for Yoga: files, event streams, and what must be refused for
 * its method or headers.
 */
export class JsonEndpoint {
  readonly #options: JsonEndpointOptions;
  readonly #read = new WeakMap<IncomingMessage, Read>();

  constructor(options: JsonEndpointOptions) {
    this.#options = options;
  }

  /** @returns undefined for a request that Yoga answers */
  answer(request: EdgeRequest): Promise<Answer | undefined> | undefined {
    const { req, url } = request;
    if (!GRAPHQL_PATH.test(url.pathname)) return undefined;
    const headers = new NodeHeaders(req.headers);
    const format = formatOf(req.method, headers);
    const type = this.#answerType(req.method, format);
    return type === undefined ? undefined : this.#answer(request, headers, format, type);
  }

  async #answer(
    request: EdgeRequest,
    headers: NodeHeaders,
    format: RequestFormat,
    type: string,
  ): Promise<Answer | undefined> {
    const result = await this.#resultOf(request, headers, format);
    if (result === undefined) return undefined;
    // A subscription of a client that accepts no events has been refused.
    return jsonAnswer(this.#options.results.finish(result) as ExecutionResult, type);
  }

  /** What `answer` has read of a request before it left it to Yoga. */
  readBefore(req: IncomingMessage): Read | undefined {
    return this.#read.get(req);
  }

  /** The media type of the answer; undefined for a request that Yoga answers. */
  #answerType(
    method: string | undefined,
    { type, answers: [preferred], refusal }: RequestFormat,
  ): string | undefined {
    const isParsed = method === 'GET' || (method === 'POST' && this.#options.parsers.has(type));
    const isJson = preferred === JSON_TYPE || preferred === GRAPHQL_TYPE;
    return isParsed && isJson && refusal === undefined ? preferred : undefined;
  }

  async #resultOf(
    { req, res, url }: EdgeRequest,
    headers: NodeHeaders,
    format: RequestFormat,
  ): Promise<Result | undefined> {
    const { operations, admit } = this.#options;
    try {
      const caller = await admit(headers);
      const parameters = await this.#parse(req, url, format);
      const requested = operations.read(parameters, req.method);
      if (requested.operation.kind === 'subscription' && acceptsEvents(headers)) {
        this.#read.set(req, { caller, parameters });
        return undefined;
      }
      return await operations.run(requested, { req, res, headers, caller });
    } catch (error) {
      return { errors: errorsOf(error) };
    }
  }

  async #parse(req: IncomingMessage, url: URL, { type }: RequestFormat): Promise<object> {
    const { parsers, limits, documentIds } = this.#options;
    const parse = parsers.get(type);
    if (req.method === 'GET' || parse === undefined) return parametersOf(url.searchParams, documentIds);
    return parse(await readBody(req, limits));
  }
}
