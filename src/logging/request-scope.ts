import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of one request while it is being answered. */
export interface RequestScope {
  /** Told to the client, and written with each line of the log. */
  readonly requestId: string;
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
