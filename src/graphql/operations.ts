import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import type { ExecutionResult } from 'graphql';
import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import type { Documents } from './documents.ts';
import { recordOperation } from './operation-record.ts';
import type { Call, Check, Coerced, OperationRequest, Preparation, Requested } from './operation.ts';
import { checkParameters } from './parsing/parameters.ts';
import type { NamedDocuments } from './trusted-documents.ts';
import { Turns } from './turns.ts';

export type Result = ExecutionResult | AsyncIterable<ExecutionResult>;

export interface OperationsOptions {
  readonly documents: Documents;
  readonly namedDocuments: NamedDocuments | undefined;
  readonly contextOf: (headers: RequestHeaders, req: IncomingMessage, caller: Caller) => GatewayContext;
  /** In their order: a refusal of one keeps the operation from the later ones. */
  readonly checks: readonly Check[];
  readonly preparations: readonly Preparation[];
  readonly scrub: Scrubber;
}

/** What every operation passes, whether it comes directly from node:http or through Yoga. */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #turns = new Turns();

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /**
   * The operation that the parameters of a request ask for, and its type and name for the log.
   * @throws {GraphQLError | RefusalError} for wrong parameters, a document that cannot be parsed, or no such operation
   */
  read(given: unknown, method: string | undefined): Requested {
    const { documents, namedDocuments, scrub } = this.#options;
    const parameters = checkParameters(given, namedDocuments);
    const operation = documents.read(parameters.query).operation(parameters.operationName);
    if (operation.kind === 'mutation' && method === 'GET') throw mutationByGet();
    recordOperation(operation, scrub);
    return { operation, parameters };
  }

  /** Validates and runs an operation. It never throws: refusals and faults are in the result. */
  async run(requested: Requested, request: OperationRequest): Promise<Result> {
    try {
      return await this.#run(requested, request);
    } catch (error) {
      return { errors: errorsOf(error) };
    }
  }

  async #run({ operation, parameters }: Requested, request: OperationRequest): Promise<Result> {
    const { documents, checks } = this.#options;
    const { errors } = documents.read(parameters.query);
    if (errors.length > 0) return { errors };
    const coerced = operation.coerce(parameters.variables);
    const variables = 'variables' in coerced ? coerced.variables : undefined;
    const call = { operation, parameters, request, variables };
    for (const check of checks) {
      const waiting = check(call);
      if (waiting !== undefined) await waiting;
    }
    const calls = operation.kind === 'query' && variables ? operation.cost.callsOf(parameters.variables) : 0;
    return await this.#turns.take(calls, callerKey(request.caller), () => this.#execute(call, coerced));
  }

  async #execute(call: Call, coerced: Coerced): Promise<Result> {
    const { contextOf, preparations } = this.#options;
    const { operation, parameters, request } = call;
    const context = contextOf(request.headers, request.req, request.caller);
    for (const prepare of preparations) prepare(call, context);
    if ('errors' in coerced) return { errors: coerced.errors };
    if (operation.kind === 'subscription') return await operation.subscribe(parameters.variables, context);
    return await inTime(context, request, () =>
      operation.execute(coerced.variables, parameters.variables, context),
    );
  }
}

/**
 * Starts the deadline of an operation when its request has arrived completely, and disposes it with the operation. An upload
 * has no total deadline: its client must make progress (`BodyWatch`) within 20 minutes (`ClientTimes.request`), each block
 * has its own deadline, and after the last byte the operation has as long as any other. Subscriptions have no deadline.
 */
async function inTime<T>(
  context: GatewayContext,
  { req }: OperationRequest,
  work: () => Promise<T> | T,
): Promise<T> {
  using deadline = context.deadline;
  if (req.complete) deadline.start();
  else req.once('end', () => deadline.start());
  return await work();
}

/** A failure as the errors of a result; none when the client has left. */
export function errorsOf(failure: unknown): readonly GraphQLError[] {
  if (failure instanceof GraphQLError) return [failure];
  if (failure instanceof AggregateError) return failure.errors.flatMap(errorsOf);
  if (failure instanceof DOMException && failure.name === 'AbortError') return [];
  if (failure instanceof Error) return [new GraphQLError(failure.message, { originalError: failure })];
  return [new GraphQLError('Unexpected error.', { extensions: { unexpected: true } })];
}

const mutationByGet = (): Error =>
  new GraphQLError('Can only perform a mutation operation from a POST request.', {
    extensions: { code: 'BAD_REQUEST', http: { status: 405, headers: { Allow: 'POST' } } },
  });
