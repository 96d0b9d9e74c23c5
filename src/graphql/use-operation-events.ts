import { getOperationAST } from 'graphql';
import type { ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { observing } from '../resolvers/context.ts';
import type { ObservedContext } from '../resolvers/context.ts';
import type { GatewayEventMap, GatewayEvents } from '../observability/events.ts';
import { errorCodeOf } from '../schema/observed.ts';
import { outcomeOf } from '../resolvers/errors/codes.ts';
import { codesOf } from './errors/error-codes.ts';
import { nameOf, UNKNOWN } from './operation-name.ts';

type OperationEvent = GatewayEventMap['operation'][0];

export interface OperationEventsOptions {
  readonly events: GatewayEvents;
  /** Only documents that were reviewed are run, so their names may be told. @default false */
  readonly isTrusted?: boolean;
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
    observing(context, (_, run) => noting(seen, run));
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
