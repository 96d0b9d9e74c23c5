import { getOperationAST } from 'graphql';
import type { DocumentNode, ExecutionArgs, ExecutionResult } from 'graphql';
import { mapAsyncIterator } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Caller } from '../auth/caller.ts';
import { shortened } from '../observability/logging/bounded.ts';
import { currentRequest, forRequest } from '../observability/logging/request-scope.ts';
import type { RequestNotes } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { nodeResponse } from '../http/client-address.ts';
import { codesOf } from './errors/error-codes.ts';
import { rootFieldsOf } from './operation-name.ts';
import { requestLine } from './request-line.ts';

export interface LoggingPluginOptions {
  readonly logger: Logger;
  readonly scrub: Scrubber;
  /** Who sent a request; undefined while that is not known. */
  readonly callerOf: (request: Request) => Caller | undefined;
}

/** Characters of a name that a client has given its operation. */
const MAX_NAME = 100;
/** Fields that an operation begins with. Clients ask for one or two. */
const MAX_FIELDS = 10;

/**
 * One line for each request, when its answer is out or its client has left. The first of the plugins, because requests
 * that are refused by another have a line too.
 */
export function useLogging({ logger, scrub, callerOf }: LoggingPluginOptions): Plugin {
  return {
    onRequest({ request, serverContext }) {
      const scope = currentRequest();
      const res = nodeResponse(serverContext);
      if (scope === undefined || res === undefined) return;
      const startedAt = performance.now();
      res.once('close', () => {
        const { notes } = scope;
        const durationMs = performance.now() - startedAt;
        const { method } = request;
        const line = requestLine({ method, notes, res, durationMs, caller: callerOf(request) });
        // Pages, and what browsers ask before they ask, are of no interest.
        const level = line.operation === undefined && line.outcome === 'ok' ? 'debug' : 'info';
        forRequest(scope, () => logger[level](line, line.operation === undefined ? 'request' : 'operation'));
      });
    },

    onValidate({ params: { documentAST }, context }) {
      const { params } = context as { params?: { operationName?: string | null } };
      // Types know it as anything; it is what the parser has made of the client's document.
      const operation = getOperationAST(documentAST as DocumentNode, params?.operationName);
      const notes = currentRequest()?.notes;
      if (notes === undefined || operation == null) return;
      const name = operation.name && shortened(operation.name.value, scrub, MAX_NAME);
      notes.operation = { type: operation.operation, name };
    },

    // These two are called when no plugin has refused the operation.
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        noteFields(args);
        return executeFn(args);
      });
    },

    onSubscribe({ subscribeFn, setSubscribeFn }) {
      setSubscribeFn((args) => {
        noteFields(args);
        return subscribeFn(args);
      });
    },

    onResultProcess({ result, setResult }) {
      const notes = currentRequest()?.notes;
      if (notes === undefined) return;
      if (Symbol.asyncIterator in result) setResult(mapAsyncIterator(result, (item) => noted(item, notes)));
      else for (const item of [result].flat()) noted(item, notes);
    },
  };
}

function noteFields({ document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>): void {
  const notes = currentRequest()?.notes;
  const operation = getOperationAST(document, operationName);
  if (notes === undefined || operation == null) return;
  notes.fields = [...rootFieldsOf(operation.selectionSet, document)].slice(0, MAX_FIELDS);
}

function noted<Result extends ExecutionResult>(result: Result, { errors }: RequestNotes): Result {
  for (const code of codesOf(result)) errors.add(code);
  return result;
}
