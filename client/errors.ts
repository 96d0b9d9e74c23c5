import type { Answer, GraphqlErrorBody } from './answer.ts';

/** The codes of top-level errors: docs/reference/errors.md. */
export type RequestErrorCode =
  | 'ADDRESS_NOT_FOUND'
  | 'AUTHENTICATION_UNAVAILABLE'
  | 'BAD_REQUEST'
  | 'BAD_USER_INPUT'
  | 'CALLER_UNAVAILABLE'
  | 'DOCUMENT_ID_MISSING'
  | 'DOCUMENT_NOT_ALLOWED'
  | 'DOCUMENT_NOT_TRUSTED'
  | 'EVENT_STREAM_ONLY'
  | 'FISCAL_CODE_IN_URL'
  | 'FORBIDDEN'
  | 'FORBIDDEN_ORIGIN'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'HEADERS_TOO_LARGE'
  | 'HOST_NOT_ALLOWED'
  | 'IDEMPOTENCY_UNAVAILABLE'
  | 'INTERNAL_SERVER_ERROR'
  | 'NOT_ACCEPTABLE'
  | 'NOT_FOUND'
  | 'OPERATION_RESOLUTION_FAILURE'
  | 'OPERATION_TOO_COSTLY'
  | 'OVERLOADED'
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  | 'RATE_LIMITED'
  | 'REQUEST_ENTITY_TOO_LARGE'
  | 'REQUEST_TIMEOUT'
  | 'SHUTTING_DOWN'
  | 'STREAM_TOO_SLOW'
  | 'TOO_DEEPLY_NESTED'
  | 'TOO_MANY_REQUESTS'
  | 'TOO_MANY_STREAMS'
  | 'UNAUTHENTICATED'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'UPSTREAM_CONTRACT'
  | 'UPSTREAM_REFUSED'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_UNAVAILABLE'
  | 'URI_TOO_LONG';

/** The gateway refused an operation or could not execute it. Typed errors of a mutation are results, not this error. */
export class GraphqlRequestError extends Error {
  override readonly name = 'GraphqlRequestError';
  /** The status of the response. */
  readonly status: number;
  /** Why. A later gateway may have other codes. */
  readonly code: RequestErrorCode | (string & {});
  /** When to try again, if the gateway knows it. */
  readonly retryAfterSeconds: number | undefined;
  /** Identifies the request in the log of the gateway; give it to its operator. */
  readonly requestId: string | undefined;
  /** The whole answer: all errors, and the data of the fields without one. */
  readonly answer: Answer;

  /** @param error the first of the answer */
  constructor(status: number, { message, extensions = {} }: GraphqlErrorBody, answer: Answer) {
    super(message);
    this.answer = answer;
    const { code, requestId, retryAfterSeconds } = extensions;
    this.status = status;
    this.code = typeof code === 'string' ? code : 'UNKNOWN';
    this.requestId = typeof requestId === 'string' ? requestId : undefined;
    this.retryAfterSeconds = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined;
  }
}

/** The gateway did not answer, or something in front of it answered in its place. */
export class GatewayUnreachableError extends Error {
  override readonly name = 'GatewayUnreachableError';
}

/** What the client throws, except for the reason of an aborted signal. Switch over `name`. */
export type ClientError = GraphqlRequestError | GatewayUnreachableError;

/** Narrows what a `catch` receives. */
export const isClientError = (error: unknown): error is ClientError =>
  error instanceof GraphqlRequestError || error instanceof GatewayUnreachableError;
