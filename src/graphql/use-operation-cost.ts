import { complexityFromQuery } from '@pothos/plugin-complexity';
import { getOperationAST, GraphQLError, Kind } from 'graphql';
import type { DocumentNode, ExecutionArgs, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { countDetailsOnce } from './count-details-once.ts';
import { introspectionWeight } from './introspection-weight.ts';

/** Levels of fields. The deepest of `examples/` has 6. */
const MAX_DEPTH = 12;
/** Fields, each as often as it is written or its fragment used. The largest of `examples/` has 18. */
const MAX_FIELDS = 300;
/** See `introspectionWeight`. What GraphiQL asks for has 140,000. */
const MAX_INTROSPECTION = 400_000;

/**
 * Refuses operations before anything of them is done when they go too deep, have too many fields or could need too many
 * upstream calls; a subscription could for each event. The schema sets the maximum number of calls of each field
 * (`complexity`); a list multiplies the cost of its items.
 */
export function useOperationCost(maxCost: number): Plugin {
  const check = ({ args }: { readonly args: ExecutionArgs }): void => checkCost(args, maxCost);
  return { onExecute: check, onSubscribe: check };
}

/** What is the same of an operation whatever its variables. */
interface Shape {
  /** See `introspectionWeight`. */
  readonly asked: number;
  /** The operation with all fragments and no other. */
  readonly only: DocumentNode;
  /** See `countDetailsOnce`. */
  readonly counted: DocumentNode;
}

/** Clients send the same documents over and over, which Yoga parses once: for as long as it keeps one. */
const shapes = new WeakMap<OperationDefinitionNode, Shape>();

function shapeOf(operation: OperationDefinitionNode, { document, schema }: ExecutionArgs): Shape {
  const seen = shapes.get(operation);
  if (seen !== undefined) return seen;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const only = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments.values()] } as const;
  const asked = introspectionWeight(operation, fragments);
  // What goes too far is refused before its details are counted.
  const counted = asked > MAX_INTROSPECTION ? only : countDetailsOnce(only, schema);
  const shape = { asked, only, counted };
  shapes.set(operation, shape);
  return shape;
}

function checkCost(args: ExecutionArgs, maxCost: number): void {
  const { schema, document, operationName, variableValues, contextValue } = args;
  const operation = getOperationAST(document, operationName);
  if (!operation) return; // Yoga has refused it
  const { asked, only, counted } = shapeOf(operation, args);
  if (asked > MAX_INTROSPECTION) throw tooCostly('values of the schema', asked, MAX_INTROSPECTION);

  try {
    const variables = variableValues ?? {};
    const facts = { schema, variables, ctx: contextValue as object };
    const { depth, breadth } = complexityFromQuery(only, facts);
    if (depth > MAX_DEPTH) throw tooCostly('levels', depth, MAX_DEPTH);
    if (breadth > MAX_FIELDS) throw tooCostly('fields', breadth, MAX_FIELDS);
    const { complexity } = complexityFromQuery(counted, facts);
    if (complexity > maxCost) throw tooCostly('upstream calls', complexity, maxCost);
  } catch (error) {
    // Wrong variables: execution says so of all of them, and does nothing.
    if (error instanceof GraphQLError && error.nodes?.some(({ kind }) => kind === Kind.VARIABLE_DEFINITION))
      return;
    throw error;
  }
}

function tooCostly(unit: string, actual: number, limit: number): GraphQLError {
  const number = (value: number): string => value.toLocaleString('en');
  return createGraphQLError(
    `The operation could have ${number(actual)} ${unit}, and ${number(limit)} are allowed. Ask for less at a time.`,
    { extensions: { code: 'OPERATION_TOO_COSTLY', actual, limit, http: { spec: true, status: 400 } } },
  );
}
