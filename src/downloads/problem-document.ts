import { STATUS_CODES } from 'node:http';
import { currentRequest } from '../observability/logging/request-scope.ts';
import { GUARDS } from './headers.ts';

/** Why a document is not sent, as everybody who asks for one is told. */
export interface Problem {
  readonly status: number;
  /** As `extensions.code` of GraphQL errors. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** RFC 9457, with two members of our own. Without a `type`, the title is that of the status (section 4.2.1). */
export function problemAnswer({ status, code, message, headers }: Problem): ProblemAnswer {
  const request = currentRequest();
  request?.notes.errors.add(code);
  const title = STATUS_CODES[status];
  const problem = {
    title,
    status,
    detail: message,
    code,
    ...(request !== undefined && { requestId: request.requestId }),
  };
  const body = JSON.stringify(problem);
  return {
    status,
    headers: { ...headers, ...GUARDS, 'content-type': 'application/problem+json' },
    body,
  };
}
