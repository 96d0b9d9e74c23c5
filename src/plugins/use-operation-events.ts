import { getOperationAST } from 'graphql';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { FieldObserver } from '../context.ts';
import type { GatewayEventMap, GatewayEvents } from '../events.ts';
import { errorCodeOf } from '../schema/observed.ts';
import { nameOf, UNKNOWN } from './operation-name.ts';

type OperationEvent = GatewayEventMap['operation'][0];
type Outcome = OperationEvent['outcome'];

/** Codes of errors that the caller can do nothing about. Whatever has none is a fault of the gateway. */
const FAILURES: ReadonlySet<string> = new Set([
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_REFUSED',
  'UPSTREAM_CONTRACT',
  'RATE_LIMITED',
  'OUTCOME_UNKNOWN',
  'CALLER_UNAVAILABLE',
  'AUTHENTICATION_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
]);

export interface OperationEventsOptions {
  readonly events: GatewayEvents;
  /** Only documents that were reviewed are run, so their names may be told. @default false */
  readonly isTrusted?: boolean;
}

/** What our context has of all that this plugin needs. */
interface ObservedContext {
  readonly request: Request;
  readonly signal?: AbortSignal;
  observeField?: FieldObserver;
}

/** What is known of an operation when it begins. */
interface Begun {
  readonly type: OperationEvent['type'];
  readonly name: string;
  readonly startedAt: number;
  readonly signal: AbortSignal | undefined;
  /** Codes of errors that are members of results; those at the top level are in the answer. */
  readonly seen: string[];
}

/** Tells `operation` and `errorAnswered`. The errors in the result of a mutation count as those at the top level do. */
export function useOperationEvents({ events, isTrusted = false }: OperationEventsOptions): Plugin {
  const begun = new WeakMap<Request, Begun>();

  const begin = ({ document, operationName, contextValue }: ExecutionArgs): void => {
    const operation = getOperationAST(document, operationName);
    if (operation == null) return; // Yoga has refused it
    // Yoga's context with ours in it, of which its types know nothing.
    const context = contextValue as ObservedContext;
    const seen: string[] = [];
    begun.set(context.request, {
      type: operation.operation,
      name: nameOf(operation, document, isTrusted),
      startedAt: performance.now(),
      signal: context.signal,
      seen,
    });
    context.observeField = (_, run) => noting(seen, run);
  };

  return {
    onExecute: ({ args }) => begin(args),
    onSubscribe: ({ args }) => begin(args),
    /** Here errors have their codes, and also what was refused before it was executed comes past. */
    onResultProcess({ request, result }) {
      if (Array.isArray(result)) return;
      const operation = begun.get(request);
      const codes = [...(operation?.seen ?? []), ...('errors' in result ? codesOf(result) : [])];
      if (operation === undefined && codes.length === 0) return;
      for (const code of codes) events.emit('errorAnswered', { code });
      const { type, name, startedAt, signal } = operation ?? NOT_BEGUN;
      events.emit('operation', {
        type,
        name,
        outcome: signal?.aborted === true ? 'left' : outcomeOf(codes),
        durationMs: startedAt === undefined ? 0 : performance.now() - startedAt,
      });
    },
  };
}

const NOT_BEGUN = { type: 'unknown', name: UNKNOWN, startedAt: undefined, signal: undefined } as const;

/** Runs a field, and notes the code of an error that is its result. */
function noting(seen: string[], run: () => unknown): unknown {
  const note = (result: unknown): unknown => {
    const code = errorCodeOf(result);
    if (code !== undefined) seen.push(code);
    return result;
  };
  const result = run();
  return result instanceof Promise ? result.then(note) : note(result);
}

const NO_CODE = 'INTERNAL_SERVER_ERROR';

function codesOf({ errors = [] }: ExecutionResult): string[] {
  return errors.map(({ extensions }) =>
    typeof extensions['code'] === 'string' ? extensions['code'] : NO_CODE,
  );
}

function outcomeOf(codes: readonly string[]): Outcome {
  if (codes.length === 0) return 'ok';
  return codes.some((code) => FAILURES.has(code)) ? 'failed' : 'refused';
}
