import { STATUS_CODES } from 'node:http';
import { currentRequest } from '../observability/logging/request-scope.ts';
import { GUARDS } from './headers.ts';

/** Why a document is not sent. */
export interface Problem {
  readonly status: number;
  /** As in `extensions.code` of GraphQL errors. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A problem document of RFC 9457 with two extension members. Without a `type`, the title is that of the status (section
 * 4.2.1). Records the code for the log.
 */
export function problemAnswer({ status, code, message, headers }: Problem): ProblemAnswer {
  const request = currentRequest();
  request?.record.errors.add(code);
  const title = STATUS_CODES[status];
  const requestId = request?.requestId;
  const problem = { title, status, detail: message, code, ...(requestId !== undefined && { requestId }) };
  return {
    status,
    headers: { ...headers, ...GUARDS, 'content-type': 'application/problem+json' },
    body: JSON.stringify(problem),
  };
}
