import { getOperationAST } from 'graphql';
import type { DocumentNode, ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { shortened } from '../observability/logging/bounded.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { labelOf, rootFieldsOf } from './operation-name.ts';

export interface OperationRecordOptions {
  /** Only reviewed documents run, so their operation names may become labels. @default false */
  readonly isTrusted?: boolean;
  readonly scrub: Scrubber;
}

/** Characters of an operation name, which the client chooses. */
const MAX_NAME = 100;
/** Root fields that the log shows. Clients usually select one or two. */
const MAX_FIELDS = 10;

/**
 * Fills the record of a request: the type and name of a parsed operation, and its root fields and label when it is
 * executed. The log, the metrics and the span read them there.
 */
export function useOperationRecord({ isTrusted = false, scrub }: OperationRecordOptions): Plugin {
  const start = ({ document, operationName, contextValue }: ExecutionArgs): void => {
    const { record, span } = currentRequest() ?? {};
    const operation = getOperationAST(document, operationName);
    if (record?.operation === undefined || operation == null) return;
    const fields = rootFieldsOf(operation.selectionSet, document);
    const label = labelOf(operation, fields, isTrusted);
    const type = operation.operation;
    // Yoga's types do not know our context.
    const { signal } = contextValue as { readonly signal?: AbortSignal };
    record.operation = { ...record.operation, fields: [...fields].slice(0, MAX_FIELDS) };
    record.execution = { type, label, startedAt: performance.now(), signal };
    span?.updateName(`${type} ${label}`);
    span?.setAttributes({ 'graphql.operation.type': type, 'graphql.operation.name': label });
  };

  return {
    onValidate({ params: { documentAST }, context }) {
      const { params } = context as { params?: { operationName?: string | null } };
      // The parser has made it of the client's document; the types say `any`.
      const operation = getOperationAST(documentAST as DocumentNode, params?.operationName);
      const record = currentRequest()?.record;
      if (record === undefined || operation == null) return;
      const name = operation.name && shortened(operation.name.value, scrub, MAX_NAME);
      record.operation = { type: operation.operation, name, fields: [] };
    },
    onExecute: ({ args }) => start(args),
    onSubscribe: ({ args }) => start(args),
  };
}
