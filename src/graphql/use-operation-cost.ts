import { complexityFromQuery } from '@pothos/plugin-complexity';
import { getOperationAST, GraphQLError, Kind } from 'graphql';
import type { DocumentNode, ExecutionArgs, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { countDetailsOnce } from './count-details-once.ts';
import { introspectionWeight } from './introspection-weight.ts';

/** Levels of fields. The deepest operation of `examples/` has 6. */
const MAX_DEPTH = 12;
/** Fields, including those of each use of a fragment. The largest operation of `examples/` has 18. */
const MAX_FIELDS = 300;
/** See `introspectionWeight`. The introspection query of GraphiQL has 140,000. */
const MAX_INTROSPECTION = 400_000;

/**
 * Refuses operations before execution if they are too deep, have too many fields, or could need too many upstream calls (a
 * subscription: for each event). The schema sets the maximum number of calls of each field (`complexity`); a list multiplies
 * the cost of its items.
 */
export function useOperationCost(maxCost: number): Plugin {
  const check = ({ args }: { readonly args: ExecutionArgs }): void => checkCost(args, maxCost);
  return { onExecute: check, onSubscribe: check };
}

/** The properties of an operation that do not depend on its variables. */
interface Shape {
  /** See `introspectionWeight`. */
  readonly introspection: number;
  /** The operation with all fragments, without other operations. */
  readonly only: DocumentNode;
  /** See `countDetailsOnce`. */
  readonly counted: DocumentNode;
}

/** Clients repeat documents, which Yoga parses once and caches. An entry lives as long as its parsed document. */
const shapes = new WeakMap<OperationDefinitionNode, Shape>();

function shapeOf(operation: OperationDefinitionNode, { document, schema }: ExecutionArgs): Shape {
  const seen = shapes.get(operation);
  if (seen !== undefined) return seen;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const only = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments.values()] } as const;
  const introspection = introspectionWeight(operation, fragments);
  // An operation beyond this limit is refused, so its details need no count.
  const counted = introspection > MAX_INTROSPECTION ? only : countDetailsOnce(only, schema);
  const shape = { introspection, only, counted };
  shapes.set(operation, shape);
  return shape;
}

function checkCost(args: ExecutionArgs, maxCost: number): void {
  const { schema, document, operationName, variableValues, contextValue } = args;
  const operation = getOperationAST(document, operationName);
  if (!operation) return; // Yoga has refused it
  const { introspection, only, counted } = shapeOf(operation, args);
  if (introspection > MAX_INTROSPECTION)
    throw tooCostly('values of the schema', introspection, MAX_INTROSPECTION);

  try {
    const variables = variableValues ?? {};
    const facts = { schema, variables, ctx: contextValue as object };
    const { depth, breadth } = complexityFromQuery(only, facts);
    if (depth > MAX_DEPTH) throw tooCostly('levels', depth, MAX_DEPTH);
    if (breadth > MAX_FIELDS) throw tooCostly('fields', breadth, MAX_FIELDS);
    const { complexity } = complexityFromQuery(counted, facts);
    if (complexity > maxCost) throw tooCostly('upstream calls', complexity, maxCost);
  } catch (error) {
    // Invalid variables: execution reports all of them and has no effect.
    if (error instanceof GraphQLError && error.nodes?.some(({ kind }) => kind === Kind.VARIABLE_DEFINITION))
      return;
    throw error;
  }
}

function tooCostly(unit: string, actual: number, limit: number): GraphQLError {
  const number = (value: number): string => value.toLocaleString('en');
  return createGraphQLError(
    `The operation could have ${number(actual)} ${unit}; at most ${number(limit)} are allowed. Request less per operation.`,
    { extensions: { code: 'OPERATION_TOO_COSTLY', actual, limit, http: { spec: true, status: 400 } } },
  );
}
