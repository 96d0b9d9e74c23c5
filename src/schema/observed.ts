import { errorTypeMap } from '@pothos/plugin-errors';
import type { GraphQLSchema } from 'graphql';
import type { GatewayContext } from '../resolvers/context.ts';
import type { ErrorCode } from '../resolvers/errors/codes.ts';

/** The schema, its fields of `Query` and `Mutation` open to the `observeField` of whoever asks for them. */
export function observed(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const { resolve, name } = field;
      if (type == null || resolve === undefined) continue;
      const facts = { type: type.name, name };
      field.resolve = (source, args, context: GatewayContext, info) => {
        const run = (): unknown => resolve(source, args, context, info);
        return context.observeField === undefined ? run() : context.observeField(facts, run);
      };
    }
  }
  return schema;
}

/** The code of a result that is a member of its union of another sort than the payload. */
export function errorCodeOf(result: unknown): ErrorCode | undefined {
  // Pothos hands its errors out in a wrapping of which `instanceof` knows nothing. All that are registered have a code.
  if (typeof result !== 'object' || result === null || !errorTypeMap.has(result)) return undefined;
  return (result as { readonly code: ErrorCode }).code;
}
