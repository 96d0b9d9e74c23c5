/** An entry of `errors`. */
export interface GraphqlErrorBody {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The gateway refused an operation or could not execute it. Typed errors of a mutation are results, not this error. */
export class GraphqlRequestError extends Error {
  override readonly name = 'GraphqlRequestError';
  /** The status of the response. */
  readonly status: number;
  /** The code of the error, as in docs/reference/errors.md, such as `UNAUTHENTICATED` or `UPSTREAM_UNAVAILABLE`. */
  readonly code: string;
  /** Identifies the request in the log of the gateway; give it to its operator. */
  readonly requestId: string | undefined;

  constructor(status: number, { message, extensions = {} }: GraphqlErrorBody) {
    super(message);
    this.status = status;
    this.code = typeof extensions['code'] === 'string' ? extensions['code'] : 'UNKNOWN';
    this.requestId = typeof extensions['requestId'] === 'string' ? extensions['requestId'] : undefined;
  }
}

/** The gateway did not answer, or something in front of it answered in its place. */
export class GatewayUnreachableError extends Error {
  override readonly name = 'GatewayUnreachableError';
}
