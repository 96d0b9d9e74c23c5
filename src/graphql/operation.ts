import type { IncomingMessage, ServerResponse } from 'node:http';
import { execute, getVariableValues, Kind, subscribe } from 'graphql';
import type {
  DocumentNode,
  ExecutionResult,
  FragmentDefinitionNode,
  GraphQLError,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { executePlan } from './execution/execute-plan.ts';
import { conditionsOf, Planner } from './execution/plan.ts';
import type { SelectionPlan, Values } from './execution/plan.ts';
import { OperationCost } from './operation-cost.ts';
import type { Parameters } from './parsing/parameters.ts';

/** The plans of one operation: one for each combination of its `@skip` and `@include` that clients use. */
const MAX_PLANS = 16;
/** Each mistake takes about 200 bytes of the answer. */
const MAX_MISTAKES = 10;

/** The variables of an operation, or what is wrong with them. */
export type Coerced = { readonly variables: Values } | { readonly errors: readonly GraphQLError[] };

/** One operation of a document, with all that does not depend on a request. Read it only of a valid document. */
export class Operation {
  readonly node: OperationDefinitionNode;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #fragmentsByName: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly #document: DocumentNode;
  readonly #schema: GraphQLSchema;
  readonly #plans = new Map<string, SelectionPlan>();
  #rootFields: ReadonlySet<string> | undefined;
  #cost: OperationCost | undefined;
  #conditions: readonly string[] | undefined;

  constructor(
    node: OperationDefinitionNode,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    document: DocumentNode,
    schema: GraphQLSchema,
  ) {
    this.node = node;
    this.#fragments = fragments;
    this.#fragmentsByName = Object.fromEntries(fragments);
    this.#document = document;
    this.#schema = schema;
  }

  get kind(): 'query' | 'mutation' | 'subscription' {
    return this.node.operation;
  }

  /** See `rootFieldsOf`. */
  get rootFields(): ReadonlySet<string> {
    return (this.#rootFields ??= rootFieldsOf(this.node.selectionSet, this.#document));
  }

  get cost(): OperationCost {
    return (this.#cost ??= new OperationCost(this.node, this.#fragments, this.#schema));
  }

  /** The variables with their types and defaults, or what is wrong with them. */
  coerce(given: Values): Coerced {
    const { variableDefinitions = [] } = this.node;
    const { coerced, errors } = getVariableValues(this.#schema, variableDefinitions, given, {
      maxErrors: 50,
    });
    return coerced === undefined ? { errors: (errors ?? []).slice(0, MAX_MISTAKES) } : { variables: coerced };
  }

  /**
   * Runs a query or a mutation.
   * @param variables of `coerce` @param given as they were sent
   */
  execute(variables: Values, given: Values, context: object): Promise<ExecutionResult> | ExecutionResult {
    const selection = this.#plan(variables);
    if (selection === undefined) return execute(this.#argumentsOf(given, context));
    return executePlan({
      schema: this.#schema,
      operation: this.node,
      fragments: this.#fragmentsByName,
      selection,
      variables,
      context,
    });
  }

  /** Opens a subscription. @returns a single result for one that could not be opened */
  async subscribe(given: Values, context: object): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
    return await subscribe(this.#argumentsOf(given, context));
  }

  #argumentsOf(given: Values, contextValue: object) {
    return {
      schema: this.#schema,
      document: this.#document,
      operationName: this.node.name?.value,
      variableValues: given,
      contextValue,
    };
  }

  /** @returns undefined with a condition that is not a boolean, whose error graphql-js reports where it belongs */
  #plan(variables: Values): SelectionPlan | undefined {
    this.#conditions ??= conditionsOf(this.node, this.#fragments);
    // A plan outlives the request, so it must keep nothing else of its variables.
    const conditions = Object.fromEntries(this.#conditions.map((name) => [name, variables[name]]));
    const values = Object.values(conditions);
    if (!values.every((value) => typeof value === 'boolean')) return undefined;
    const key = values.join();
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const rootType = this.#schema.getRootType(this.node.operation);
    if (rootType == null) return undefined;
    const plan = new Planner(this.#schema, this.#fragments, conditions).plan(rootType, this.node);
    if (this.#plans.size >= MAX_PLANS) this.#plans.clear();
    this.#plans.set(key, plan);
    return plan;
  }
}

/** The root fields by their names in the schema. Aliases are not used, because their number is unlimited. */
function rootFieldsOf(
  { selections }: SelectionSetNode,
  document: DocumentNode,
  found = new Set<string>(),
): Set<string> {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) found.add(selection.name.value);
    else if (selection.kind === Kind.INLINE_FRAGMENT) rootFieldsOf(selection.selectionSet, document, found);
    else {
      const { value } = selection.name;
      const fragment = document.definitions.find(
        (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === value,
      );
      // Documents are valid here: no fragment includes itself.
      if (fragment?.kind === Kind.FRAGMENT_DEFINITION) rootFieldsOf(fragment.selectionSet, document, found);
    }
  }
  return found;
}

/** What is known of an admitted request. */
export interface Admitted {
  readonly headers: RequestHeaders;
  readonly caller: Caller;
}

/** The HTTP request of an operation. */
export interface OperationRequest extends Admitted {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** An operation that a request asks for. */
export interface Requested {
  readonly operation: Operation;
  readonly parameters: Parameters;
}

/** One operation on its way to its execution. */
export interface Call extends Requested {
  readonly request: OperationRequest;
  /** The coerced variables; undefined for variables that are not valid, which the result says. */
  readonly variables: Values | undefined;
}

/** Throws to refuse an operation. */
export type Check = (call: Call) => Promise<void> | void;

/** Prepares the execution of an operation that has passed all checks. */
export type Preparation = (call: Call, context: GatewayContext) => void;
