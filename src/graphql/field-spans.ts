import type { Tracer } from '@opentelemetry/api';
import type { GraphQLSchema } from 'graphql';
import { inSpan } from '../observability/tracing/in-span.ts';
import type { Stage } from './stage.ts';

/** The tracers of the requests whose fields have spans, by their context. */
const tracers = new WeakMap<object, Tracer>();
const wrapped = new WeakSet<GraphQLSchema>();

/** Makes a span for each field of `Query` and `Mutation` that is executed. */
export function fieldSpans(schema: GraphQLSchema, tracer: Tracer): Stage {
  wrapRootFields(schema);
  return ({ context }) => void tracers.set(context, tracer);
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
