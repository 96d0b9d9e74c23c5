import type { Tracer } from '@opentelemetry/api';
import { Kind, parse } from 'graphql';
import type { GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { shortened } from '../observability/logging/bounded.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { inSpan } from '../observability/tracing/spans.ts';
import type { Operation, Preparation } from './operation.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

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
export function recordExecution(isTrusted: boolean): Preparation {
  return ({ operation }, { signal }) => {
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

/** The label of an operation with several root fields. */
const SEVERAL = 'several';
/** The label of an operation that selects only the schema. */
const INTROSPECTION = 'introspection';
/** The label of an operation that was refused before it was known. */
export const UNKNOWN = 'unknown';

/**
 * A name from a small set for an operation of a valid document: its field of `Query`, `Mutation` or `Subscription`. With
 * trusted documents it is the name of the operation, which a developer chose.
 */
function labelOf(
  { name }: OperationDefinitionNode,
  rootFields: ReadonlySet<string>,
  isTrusted: boolean,
): string {
  if (isTrusted && name !== undefined) return name.value;
  const ours = [...rootFields].filter((field) => !field.startsWith('__'));
  const [only = INTROSPECTION] = ours;
  return ours.length > 1 ? SEVERAL : only;
}

/** Every label that `labelOf` can return. */
export function operationNames(schema: GraphQLSchema, documents?: TrustedDocuments): string[] {
  const types = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = types.flatMap((type) => Object.keys(type?.getFields() ?? {}));
  const trusted = [...(documents?.values() ?? [])].flatMap((text) =>
    parse(text).definitions.flatMap((node) =>
      node.kind === Kind.OPERATION_DEFINITION && node.name !== undefined ? [node.name.value] : [],
    ),
  );
  return [...new Set([...fields, ...trusted, SEVERAL, INTROSPECTION, UNKNOWN])];
}

/** The tracers of the requests whose fields have spans, by their context. */
const tracers = new WeakMap<object, Tracer>();
const wrapped = new WeakSet<GraphQLSchema>();

/** Makes a span for each field of `Query` and `Mutation` that is executed. */
export function fieldSpans(schema: GraphQLSchema, tracer: Tracer): Preparation {
  wrapRootFields(schema);
  return (_, context) => void tracers.set(context, tracer);
}

/** Several gateways of one process share the schema, so its fields are wrapped once. */
function wrapRootFields(schema: GraphQLSchema): void {
  if (wrapped.has(schema)) return;
  wrapped.add(schema);
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const { resolve, name } = field;
      if (type == null || resolve === undefined) continue;
      const attributes = { 'graphql.parent.name': type.name, 'graphql.field.name': name };
      field.resolve = (source, args, context: object, info) => {
        const tracer = tracers.get(context);
        const run = async (): Promise<unknown> => resolve(source, args, context, info);
        if (tracer === undefined) return resolve(source, args, context, info);
        return inSpan(tracer, `${type.name}.${name}`, { attributes }, run);
      };
    }
  }
}
