import { currentRequest } from '../observability/logging/request-scope.ts';
import type { Answer } from './answer.ts';

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
