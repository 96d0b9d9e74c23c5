import type { ExecutionResult, GraphQLError } from 'graphql';
import type { Answer } from '../http/answer.ts';

/** What an error says to the server: the status and the headers of the answer. */
interface HttpExtension {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the status is that of `application/graphql-response+json` only. */
  readonly spec?: boolean;
}

/**
 * A single result as JSON. By GraphQL over HTTP, section 6.4, a client that prefers `application/json` gets 200 for errors of
 * the operation.
 */
export function jsonAnswer(result: ExecutionResult, type: string): Answer {
  const { errors = [] } = result;
  const headers: Record<string, string> = { 'content-type': `${type}; charset=utf-8` };
  let status = 0;
  for (const { extensions } of errors) {
    // Only errors of ours have the extension.
    const http = extensions['http'] as HttpExtension | undefined;
    if (http === undefined) continue;
    Object.assign(headers, http.headers);
    if (http.spec === true && type === 'application/json') continue;
    status = Math.max(status, http.status ?? 0);
  }
  return { status: status === 0 ? 200 : status, headers, body: printed(result) };
}

/** A result as JSON text. */
export function printed(result: ExecutionResult): string {
  const { errors } = result;
  return JSON.stringify(errors === undefined ? result : { ...result, errors: errors.map(withoutInternals) });
}

/** `http` and `unexpected` are for the server. */
function withoutInternals(error: GraphQLError): object {
  const { http: _, unexpected: __, ...extensions } = error.extensions;
  const { extensions: ___, ...shown } = error.toJSON();
  return Object.keys(extensions).length === 0 ? shown : { ...shown, extensions };
}
