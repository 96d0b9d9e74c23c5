import {
  defaultFieldResolver,
  defaultTypeResolver,
  getArgumentValues,
  getDirectiveValues,
  getNullableType,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  visit,
} from 'graphql';
import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLAbstractType,
  GraphQLField,
  GraphQLFieldResolver,
  GraphQLLeafType,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLSchema,
  GraphQLTypeResolver,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';

/** Coerced variables, or arguments. */
export type Values = Readonly<Record<string, unknown>>;
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** The fields to execute on an object of one type, in the order of the answer. */
export type SelectionPlan = readonly FieldPlan[];

/** One field of the answer, with everything about it that does not depend on the request. */
export interface FieldPlan {
  /** The alias, or else the name. */
  readonly key: string;
  /** Several when the document selects the field more than once. */
  readonly nodes: readonly [FieldNode, ...FieldNode[]];
  readonly parentType: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  readonly resolve: GraphQLFieldResolver<unknown, unknown>;
  /** The arguments; undefined when they depend on variables. */
  readonly args: Values | undefined;
  readonly value: ValuePlan;
}

/** How to complete a value of a type (GraphQL specification, section 6.4.3). */
export type ValuePlan = { readonly isNonNull: boolean } & (
  | { readonly kind: 'leaf'; readonly type: GraphQLLeafType }
  | { readonly kind: 'list'; readonly item: ValuePlan }
  | {
      readonly kind: 'object';
      readonly type: GraphQLObjectType;
      readonly selection: SelectionPlan;
      readonly withDetail: WithDetail | undefined;
    }
  | {
      readonly kind: 'abstract';
      readonly type: GraphQLAbstractType;
      readonly resolveType: GraphQLTypeResolver<unknown, unknown>;
      /** The plan for one of the possible types. */
      readonly selectionFor: (type: GraphQLObjectType) => SelectionPlan;
    }
);

/**
 * The extension `withDetail` of an object type: the object with what its fields with the extension `isDetail` need. It is
 * called once for an object, before its fields, if one of those is selected. It never rejects.
 */
export type WithDetail = (source: unknown, context: unknown) => unknown;

/** The names of the variables that decide which fields are selected (`@skip`, `@include`). */
export function conditionsOf(operation: OperationDefinitionNode, fragments: Fragments): readonly string[] {
  const names = new Set<string>();
  for (const node of [operation, ...fragments.values()])
    visit(node, {
      Directive(directive) {
        const [condition] = directive.arguments ?? [];
        if (isCondition(directive.name.value) && condition?.value.kind === Kind.VARIABLE)
          names.add(condition.value.name.value);
      },
    });
  return [...names];
}

const isCondition = (name: string): boolean =>
  name === GraphQLSkipDirective.name || name === GraphQLIncludeDirective.name;

/** Plans a valid operation for one set of values of `conditionsOf`. */
export class Planner {
  readonly #schema: GraphQLSchema;
  readonly #fragments: Fragments;
  readonly #conditions: Values;

  constructor(schema: GraphQLSchema, fragments: Fragments, conditions: Values) {
    this.#schema = schema;
    this.#fragments = fragments;
    this.#conditions = conditions;
  }

  plan(rootType: GraphQLObjectType, { selectionSet }: OperationDefinitionNode): SelectionPlan {
    return this.#selection(rootType, [selectionSet]);
  }

  #selection(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): SelectionPlan {
    const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
    const visited = new Set<string>();
    for (const set of sets) this.#collect(type, set, fields, visited);
    return [...fields].flatMap(([key, nodes]) => this.#field(type, key, nodes) ?? []);
  }

  #collect(
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    fields: Map<string, [FieldNode, ...FieldNode[]]>,
    visited: Set<string>,
  ): void {
    for (const selection of selections) {
      if (!this.#isSelected(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const known = fields.get(key);
        if (known === undefined) fields.set(key, [selection]);
        else known.push(selection);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragment(selection.name.value, visited);
      if (fragment !== undefined && this.#applies(fragment.typeCondition?.name.value, type))
        this.#collect(type, fragment.selectionSet, fields, visited);
    }
  }

  /** The fields of a fragment are collected once, however often it is spread. */
  #fragment(name: string, visited: Set<string>): FragmentDefinitionNode | undefined {
    if (visited.has(name)) return undefined;
    visited.add(name);
    return this.#fragments.get(name);
  }

  #isSelected(node: SelectionNode): boolean {
    if (node.directives === undefined || node.directives.length === 0) return true;
    return (
      getDirectiveValues(GraphQLSkipDirective, node, this.#conditions)?.['if'] !== true &&
      getDirectiveValues(GraphQLIncludeDirective, node, this.#conditions)?.['if'] !== false
    );
  }

  #applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const conditional = this.#schema.getType(condition);
    return isAbstractType(conditional) && this.#schema.isSubType(conditional, type);
  }

  #field(
    parentType: GraphQLObjectType,
    key: string,
    nodes: [FieldNode, ...FieldNode[]],
  ): FieldPlan | undefined {
    const field = this.#definition(parentType, nodes[0].name.value);
    if (field === undefined) return undefined;
    return {
      key,
      nodes,
      parentType,
      field,
      resolve: field.resolve ?? defaultFieldResolver,
      args: literalArguments(field, nodes[0]),
      value: this.#value(field.type, nodes),
    };
  }

  #definition(parentType: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
    if (parentType === this.#schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    }
    return parentType.getFields()[name];
  }

  #value(type: GraphQLOutputType, nodes: readonly FieldNode[]): ValuePlan {
    const isNonNull = isNonNullType(type);
    const nullable = getNullableType(type);
    if (isListType(nullable)) return { kind: 'list', isNonNull, item: this.#value(nullable.ofType, nodes) };
    if (isLeafType(nullable)) return { kind: 'leaf', isNonNull, type: nullable };
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    if (isObjectType(nullable)) {
      const selection = this.#selection(nullable, sets);
      return {
        kind: 'object',
        isNonNull,
        type: nullable,
        selection,
        withDetail: withDetailOf(nullable, selection),
      };
    }
    const known = new Map<GraphQLObjectType, SelectionPlan>();
    const selectionFor = (runtimeType: GraphQLObjectType): SelectionPlan => {
      const selection = known.get(runtimeType) ?? this.#selection(runtimeType, sets);
      known.set(runtimeType, selection);
      return selection;
    };
    const resolveType = nullable.resolveType ?? defaultTypeResolver;
    return { kind: 'abstract', isNonNull, type: nullable, resolveType, selectionFor };
  }
}

function withDetailOf({ extensions }: GraphQLObjectType, selection: SelectionPlan): WithDetail | undefined {
  const needsDetail = selection.some(({ field }) => field.extensions['isDetail'] === true);
  return needsDetail && isWithDetail(extensions['withDetail']) ? extensions['withDetail'] : undefined;
}

const isWithDetail = (extension: unknown): extension is WithDetail => typeof extension === 'function';

/** @returns undefined also for arguments that are not valid, so that the error is one of the execution */
function literalArguments(field: GraphQLField<unknown, unknown>, node: FieldNode): Values | undefined {
  try {
    return usesVariables(node) ? undefined : getArgumentValues(field, node);
  } catch {
    return undefined;
  }
}

function usesVariables({ arguments: given = [] }: FieldNode): boolean {
  let found = false;
  for (const argument of given)
    visit(argument, {
      Variable() {
        found = true;
      },
    });
  return found;
}
