import type { FetchAPI } from 'graphql-yoga';
import { currentRequest } from '../observability/logging/request-scope.ts';

/**
 * An answer to a request that does not get as far as GraphQL. It has the form of a GraphQL error all the same, because
 * that is what clients read.
 */
export function refusal(
  fetchAPI: FetchAPI,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const request = currentRequest();
  request?.notes.errors.add(code);
  const extensions = { code, ...(request !== undefined && { requestId: request.requestId }) };
  return fetchAPI.Response.json({ errors: [{ message, extensions }] }, { status, headers });
}
