import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import type { Span } from '@opentelemetry/api';
import type { Scrubber } from './scrubber.ts';

/** The facts about one request that its log line, the metrics and its span share. */
export interface OperationRecord {
  /** Set when the document has been parsed. */
  operation?:
    | {
        readonly type: 'query' | 'mutation' | 'subscription';
        /** The operation name that the client chose, shortened. */
        readonly name: string | undefined;
        /** Root fields by their names in the schema; empty until the operation is executed. */
        readonly fields: readonly string[];
      }
    | undefined;
  /** Set when the operation is executed: no check has refused it. */
  execution?: {
    readonly type: 'query' | 'mutation' | 'subscription';
    /** A name from a small set, for metrics and spans; see `labelOf`. */
    readonly label: string;
    readonly startedAt: number;
    readonly signal: AbortSignal | undefined;
  };
  /** The codes of all errors, in results and at the top level. */
  readonly errors: Set<string>;
  /** The code of each error in the result of a mutation. */
  readonly resultCodes: string[];
  /** The upstream faults that are part of a result, as the log shows them: operation, kind and status. */
  readonly faults: string[];
  /** The calls to the service and to its storage that were made for this request only, and their total duration. */
  readonly upstream: { calls: number; durationMs: number };
  /** The authenticated caller as the log shows it. */
  caller?: object;
}

/** The state of one request while it is answered. */
export interface RequestScope {
  /** Sent to the client, and written with each line of the log. */
  readonly requestId: string;
  /** Removes the credentials of the client from a text. */
  readonly withoutCredentials: Scrubber;
  readonly record: OperationRecord;
  /** The span of the request, with tracing. */
  span?: Span;
}

/**
 * For code that receives no context: lines of the log, and hooks of libraries that receive an error without its request.
 * All other code receives what it needs as an argument.
 */
const scopes = new AsyncLocalStorage<RequestScope>();

/** The request for which this code runs; undefined outside requests, as in shared timers. */
export function currentRequest(): RequestScope | undefined {
  return scopes.getStore();
}

/** Runs the work, and everything that it starts, for this request. */
export function forRequest<T>(scope: RequestScope, work: () => T): T {
  return scopes.run(scope, work);
}

/** Records the code of an error in the result of a mutation, for the log, the metrics and the span of the field. */
export function recordResultError(code: string): void {
  const record = currentRequest()?.record;
  record?.errors.add(code);
  record?.resultCodes.push(code);
  trace.getActiveSpan()?.setAttribute('sigillo.result.code', code);
}

/** Records an upstream fault that is the cause of an error in a result. At the top level it has a line of its own. */
export function recordFault(cause: unknown): void {
  if (cause instanceof Error) currentRequest()?.record.faults.push(cause.message);
}

export function createRequestScope(
  requestId: string,
  withoutCredentials: Scrubber = (text) => text,
): RequestScope {
  const record = {
    errors: new Set<string>(),
    resultCodes: [],
    faults: [],
    upstream: { calls: 0, durationMs: 0 },
  };
  return { requestId, withoutCredentials, record };
}

/** Accepts UUIDs, ULIDs and the ids of proxies and tracing systems (`1-67891233-abcdef012345678912345678`). */
const REQUEST_ID = /^[\w.:=+-]{1,128}$/;

/**
 * The request id of a client or a proxy, or a new one. Headers and logs contain it unchanged, so an id in which `scrub` finds
 * something is replaced.
 */
export function requestIdFrom(header: string | readonly string[] | undefined, scrub: Scrubber): string {
  if (typeof header !== 'string' || !REQUEST_ID.test(header)) return randomUUID();
  return scrub(header) === header ? header : randomUUID();
}
