import { shortened } from '../observability/logging/bounded.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { labelOf } from './operation-name.ts';
import type { Operation } from './operation.ts';
import type { Stage } from './stage.ts';

/** Characters of an operation name, which the client chooses. */
const MAX_NAME = 100;
/** Root fields that the log shows. Clients usually select one or two. */
const MAX_FIELDS = 10;

/** Records the type and the name of an operation, which may still be refused. The log, the metrics and the span read them. */
export function recordOperation(operation: Operation, scrub: Scrubber): void {
  const record = currentRequest()?.record;
  if (record === undefined) return;
  record.operation = { type: operation.kind, name: nameOf(operation, scrub), fields: [] };
}

/** The scrubbed names, which are the same for each request. */
const names = new WeakMap<Operation, string>();

function nameOf(operation: Operation, scrub: Scrubber): string | undefined {
  const { name } = operation.node;
  if (name === undefined) return undefined;
  const known = names.get(operation) ?? shortened(name.value, scrub, MAX_NAME);
  names.set(operation, known);
  return known;
}

/**
 * Records the root fields and the label of an operation that is going to be executed.
 * @param isTrusted whether only reviewed documents run, so that their operation names may become labels
 */
export function recordExecution(isTrusted: boolean): Stage {
  return ({ operation, context: { signal } }) => {
    const { record, span } = currentRequest() ?? {};
    if (record?.operation === undefined) return;
    const { kind: type, node, rootFields } = operation;
    const label = labelOf(node, rootFields, isTrusted);
    record.operation = { ...record.operation, fields: [...rootFields].slice(0, MAX_FIELDS) };
    record.execution = { type, label, startedAt: performance.now(), signal };
    span?.updateName(`${type} ${label}`);
    span?.setAttributes({ 'graphql.operation.type': type, 'graphql.operation.name': label });
  };
}
