import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import type { Values } from './execution/plan.ts';
import type { Operation } from './operation.ts';
import type { Parameters } from './parsing/parameters.ts';

/** What is known of an admitted request. */
export interface Admitted {
  readonly headers: RequestHeaders;
  readonly caller: Caller;
}

/** The HTTP request of an operation. */
export interface OperationRequest extends Admitted {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** An operation that a request asks for. */
export interface Requested {
  readonly operation: Operation;
  readonly parameters: Parameters;
}

/** One operation on its way to its execution. */
export interface Call extends Requested {
  readonly request: OperationRequest;
  readonly context: GatewayContext;
  /** The coerced variables; undefined for variables that are not valid, which the result says. */
  readonly variables: Values | undefined;
}

/** A step before the execution. It throws to refuse the operation. */
export type Stage = (call: Call) => Promise<void> | void;
