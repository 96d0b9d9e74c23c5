import { AsyncLocalStorage } from 'node:async_hooks';
import type { Scrubber } from './scrubber.ts';

/** What is noted of a request while it is being answered, for the one line that the log has of it. */
export interface RequestNotes {
  /** Of a document that could be read. */
  operation?: { readonly type: string; readonly name: string | undefined } | undefined;
  /** Fields of the schema that the operation begins with, once it is run. */
  fields?: readonly string[];
  /** Codes of errors, in results and at the top level. */
  readonly errors: Set<string>;
  /** Calls of the service and of its storage that were made for it alone, and how long they took together. */
  readonly upstream: { calls: number; durationMs: number };
}

/** What is known of one request while it is being answered. */
export interface RequestScope {
  /** Told to the client, and written with each line of the log. */
  readonly requestId: string;
  /** Takes out of a text what the client has shown who it is by. */
  readonly withoutCredentials: Scrubber;
  readonly notes: RequestNotes;
}

/**
 * For what is handed no context: lines of the log, and hooks of libraries that are told of an error and not whose it was.
 * All else is given what it needs as an argument.
 */
const scopes = new AsyncLocalStorage<RequestScope>();

/** The request for which this runs; undefined outside of any, as for timers that are shared. */
export function currentRequest(): RequestScope | undefined {
  return scopes.getStore();
}

/** Runs the work, with all that it begins, for this request. */
export function forRequest<T>(scope: RequestScope, work: () => T): T {
  return scopes.run(scope, work);
}

/** @param credentials what the client has shown who it is by */
export function createRequestScope(
  requestId: string,
  withoutCredentials: Scrubber = (text) => text,
): RequestScope {
  const notes = { errors: new Set<string>(), upstream: { calls: 0, durationMs: 0 } };
  return { requestId, withoutCredentials, notes };
}
