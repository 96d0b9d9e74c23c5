import { complexityFromQuery } from '@pothos/plugin-complexity';
import { isObjectType, Kind, TypeInfo, visit, visitWithTypeInfo, GraphQLError } from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';
import type { Values } from './execution/plan.ts';

/** Levels of fields. The deepest operation of `examples/` has 6. */
const MAX_DEPTH = 12;
/** Fields, including those of each use of a fragment. The largest operation of `examples/` has 18. */
const MAX_FIELDS = 300;
/** See `introspectionWeight`. The introspection query of GraphiQL has 140,000. */
const MAX_INTROSPECTION = 400_000;

/** What an operation may cost, for one set of variables. */
interface Cost {
  readonly depth: number;
  readonly breadth: number;
  /** Upstream calls. */
  readonly calls: number;
}

/** Costs that are kept for one operation: its variables differ in texts, and seldom in page sizes or numbers of documents. */
const MAX_KEPT = 50;
const MAX_KEY_LENGTH = 200;

/**
 * The cost of a valid operation: its levels, its fields and the upstream calls that it could need; of a subscription for each
 * event. The schema sets the maximum number of calls of each field (`complexity`); a list multiplies the cost of its items.
 */
export class OperationCost {
  readonly #schema: GraphQLSchema;
  /** See `introspectionWeight`. */
  readonly #introspection: number;
  /** The operation with all fragments, without other operations. */
  readonly #only: DocumentNode;
  /** The variables of arguments that the cost depends on. */
  readonly #relevant: readonly string[];
  readonly #known = new Map<string, Cost>();

  constructor(
    operation: OperationDefinitionNode,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    schema: GraphQLSchema,
  ) {
    this.#schema = schema;
    this.#introspection = introspectionWeight(operation, fragments);
    this.#only = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments.values()] };
    this.#relevant = variablesOfCosts(this.#only, schema);
  }

  /**
   * Refuses what goes too far, before anything of it is done.
   * @param variables valid values, as they were sent
   * @throws {GraphQLError}
   */
  check(variables: Values, maxCalls: number): void {
    if (this.#introspection > MAX_INTROSPECTION)
      throw tooCostly('values of the schema', this.#introspection, MAX_INTROSPECTION);
    const { depth, breadth, calls } = this.#of(variables);
    if (depth > MAX_DEPTH) throw tooCostly('levels', depth, MAX_DEPTH);
    if (breadth > MAX_FIELDS) throw tooCostly('fields', breadth, MAX_FIELDS);
    if (calls > maxCalls) throw tooCostly('upstream calls', calls, maxCalls);
  }

  /** The upstream calls that it could need. @param variables that `check` has passed */
  callsOf(variables: Values): number {
    return this.#of(variables).calls;
  }

  #of(variables: Values): Cost {
    const key = this.#keyOf(variables);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const cost = this.#count(variables);
    if (this.#known.size >= MAX_KEPT) this.#known.clear();
    if (key !== undefined) this.#known.set(key, cost);
    return cost;
  }

  /** Undefined for an unusually large input. */
  #keyOf(variables: Values): string | undefined {
    const key = this.#relevant.map((name) => shapeOf(variables[name])).join(' ');
    return key.length <= MAX_KEY_LENGTH ? key : undefined;
  }

  #count(variables: Values): Cost {
    const facts = { schema: this.#schema, variables, ctx: {} };
    const { depth, breadth } = complexityFromQuery(this.#only, facts);
    // An operation beyond these limits is refused, so its details need no count.
    if (depth > MAX_DEPTH || breadth > MAX_FIELDS) return { depth, breadth, calls: 0 };
    const counted = countDetailsOnce(this.#only, this.#schema);
    return { depth, breadth, calls: complexityFromQuery(counted, facts).complexity };
  }
}

/**
 * A copy of the document for the count of upstream calls. Fields that a list does not contain share one read of their item,
 * so the copy keeps only one of them in each selection set. Fields in fragments are still counted separately.
 */
function countDetailsOnce(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const info = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(info, {
      SelectionSet(node) {
        const parent = info.getParentType();
        const fields = isObjectType(parent) ? parent.getFields() : {};
        const isDetail = (selection: SelectionNode): selection is FieldNode =>
          selection.kind === Kind.FIELD && fields[selection.name.value]?.extensions['isDetail'] === true;
        const details = node.selections.filter(isDetail);
        if (details.length < 2) return undefined;
        // A QR code image has a cost of its own, so all of them stay.
        const pictures = details.filter(({ name }) => name.value === 'qrCode');
        const kept: readonly SelectionNode[] = pictures.length > 0 ? pictures : details.slice(0, 1);
        const selections = node.selections.filter(
          (selection) => !isDetail(selection) || kept.includes(selection),
        );
        return { ...node, selections };
      },
    }),
  );
}

/** What a cost can depend on: the numbers in a value, the lengths of its lists and what is absent, but no texts. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shapeOf).join()}]`;
  if (typeof value === 'string') return 'text';
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, field]) => `${name}:${shapeOf(field)}`);
  return `{${fields.join()}}`;
}

/** The variables in arguments of fields whose `complexity` depends on their arguments. */
function variablesOfCosts(document: DocumentNode, schema: GraphQLSchema): string[] {
  const names = new Set<string>();
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Argument(argument) {
        if (typeof info.getFieldDef()?.extensions['complexity'] !== 'function') return;
        visit(argument, {
          Variable({ name }) {
            names.add(name.value);
          },
        });
      },
    }),
  );
  return [...names];
}

function tooCostly(unit: string, actual: number, limit: number): GraphQLError {
  const number = (value: number): string => value.toLocaleString('en');
  return new GraphQLError(
    `The operation could have ${number(actual)} ${unit}, and ${number(limit)} are allowed. Ask for less at a time.`,
    { extensions: { code: 'OPERATION_TOO_COSTLY', actual, limit, http: { spec: true, status: 400 } } },
  );
}

/** The approximate lengths of the lists of the introspection schema. */
const LIST_LENGTHS: Readonly<Record<string, number>> = {
  types: 100,
  fields: 10,
  inputFields: 5,
  possibleTypes: 15,
  enumValues: 10,
  interfaces: 1,
  args: 1,
  directives: 5,
};

/**
 * The approximate number of values in the answer to an introspection query. graphql-js limits how deep lists may be nested,
 * but not how often a field may be selected inside them, so a few kilobytes can request millions of values.
 */
function introspectionWeight(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): number {
  const known = new Map<string, number>();

  const weigh = (set: SelectionSetNode, isInside: boolean): number => {
    let sum = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        const inside = isInside || name === '__schema' || name === '__type';
        if (!inside) continue;
        const items = isInside ? (LIST_LENGTHS[name] ?? 1) : 1;
        sum += 1 + (selection.selectionSet ? items * weigh(selection.selectionSet, true) : 0);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) sum += weigh(selection.selectionSet, isInside);
      else {
        // Validation guarantees that it exists and does not include itself. Each fragment is weighed once.
        const name = selection.name.value;
        const fragment = fragments.get(name);
        const key = `${isInside} ${name}`;
        const weight = known.get(key) ?? (fragment ? weigh(fragment.selectionSet, isInside) : 0);
        known.set(key, weight);
        sum += weight;
      }
    }
    return sum;
  };
  return weigh(operation.selectionSet, false);
}
