import fc from 'fast-check';
import {
  buildSchema,
  execute,
  isObjectType,
  Kind,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  OverlappingFieldsCanBeMergedRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type {
  DocumentNode,
  ExecutionResult,
  FragmentDefinitionNode,
  GraphQLFieldResolver,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import { expect, test } from 'vitest';
import { executePlan } from '../../../../src/graphql/execution/execute-plan.ts';
import { conditionsOf, Planner } from '../../../../src/graphql/execution/plan.ts';
import type { Values } from '../../../../src/graphql/execution/plan.ts';

const SDL = /* GraphQL */ `
  interface Named {
    name: String!
    friend: Thing
  }
  enum Size {
    SMALL
    LARGE
  }
  input Range {
    from: Int! = 1
    to: [Int!]
  }
  type Thing implements Named {
    name: String!
    size: Size
    count(range: Range, by: Int = 2, of: [Size!]): Int!
    friend: Thing
    must: Thing!
    things(first: Int): [Thing!]!
    maybe: [Thing]
    grid: [[Int!]]
    any: Any
    named: Named!
  }
  type Other implements Named {
    name: String!
    friend: Thing
    only: Float
    anys: [Any!]
  }
  union Any = Thing | Other
  type Query {
    thing(id: ID): Thing
    other: Other!
    any: Any
    things: [Thing!]!
    named: [Named]
  }
  type Mutation {
    first(id: ID): Thing
    second: Other!
    third: Any
  }
`;

/** The outcome of a resolver, drawn for each field of a document by its path. */
type Outcome = 'value' | 'later' | 'null' | 'error' | 'late error' | 'returned error';

/** Promises settle one by one, each in a turn of the event loop of its own, so that the order of errors is the same. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #isRunning = false;

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isRunning) this.#run();
    });
  }

  #run(): void {
    this.#isRunning = true;
    setImmediate(() => {
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#run();
      else this.#isRunning = false;
    });
  }
}

interface World {
  readonly outcomes: readonly Outcome[];
  readonly turns: Turns;
  readonly calls: string[];
}

/** A schema whose resolvers have the outcomes of `World`. */
function schemaOfOutcomes(): GraphQLSchema {
  const schema = buildSchema(SDL);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) field.resolve = resolve;
  }
  return schema;
}

const resolve: GraphQLFieldResolver<unknown, World> = async (_, args, world, info) => {
  const path = pathOf(info.path);
  world.calls.push(`${path} ${JSON.stringify(args)} ${JSON.stringify(info.variableValues)}`);
  const outcome = world.outcomes[hashOf(path) % world.outcomes.length] ?? 'value';
  const value = valueOf(info.fieldName, hashOf(path));
  if (outcome === 'later' || outcome === 'late error') await world.turns.wait();
  if (outcome === 'error' || outcome === 'late error') throw new Error(`failed at ${path}`);
  if (outcome === 'returned error') return new Error(`returned at ${path}`);
  return outcome === 'null' ? null : value;
};

/** The same, but without a promise where none is needed. */
const resolveAtOnce: typeof resolve = (source, args, world, info) => {
  const path = pathOf(info.path);
  const outcome = world.outcomes[hashOf(path) % world.outcomes.length] ?? 'value';
  // graphql-js leaves the rejections of other items unhandled when one of them throws.
  const isInList = /\/\d+\//.test(path);
  if (isInList || outcome === 'later' || outcome === 'late error') return resolve(source, args, world, info);
  world.calls.push(`${path} ${JSON.stringify(args)} ${JSON.stringify(info.variableValues)}`);
  if (outcome === 'error') throw new Error(`failed at ${path}`);
  if (outcome === 'returned error') return new Error(`returned at ${path}`);
  return outcome === 'null' ? null : valueOf(info.fieldName, hashOf(path));
};

function valueOf(name: string, seed: number): unknown {
  const object = (n: number) => ({ __typename: n % 2 === 0 ? 'Thing' : 'Other' });
  switch (name) {
    case 'name':
      return `name ${seed % 100}`;
    case 'size':
      return ['SMALL', 'LARGE', 'HUGE'][seed % 3];
    case 'count':
      return seed % 5 === 0 ? 'no number' : seed % 100;
    case 'only':
      return 1.5;
    case 'things':
      return seed % 7 === 0 ? 'no list' : [object(0), object(0)];
    case 'maybe':
      return [object(0), null, Promise.resolve(object(0)), new Error('an item')];
    case 'grid':
      return [[1, 2], null, [3, seed % 3 === 0 ? null : 4]];
    case 'anys':
    case 'named':
      return seed % 2 === 0 ? [object(seed), object(seed + 1)] : object(seed);
    case 'any':
    case 'third':
      return seed % 9 === 0 ? { __typename: 'Query' } : object(seed);
    default:
      return object(0);
  }
}

const hashOf = (text: string): number =>
  [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 99_991, 7);

function pathOf(path: { prev?: unknown; key: string | number } | undefined): string {
  if (path === undefined) return '';
  return `${pathOf(path.prev as Parameters<typeof pathOf>[0])}/${path.key}`;
}

const CONDITION = fc.constantFrom(
  '',
  '',
  '',
  ' @skip(if: $no)',
  ' @include(if: $yes)',
  ' @include(if: false)',
  ' @skip(if: $yes) @include(if: $no)',
);
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  count: [
    '',
    '(by: $n)',
    '(range: {from: 3, to: $list})',
    '(range: $range, of: [SMALL, LARGE])',
    '(by: 4, of: LARGE)',
  ],
  things: ['', '(first: $n)', '(first: 3)'],
  thing: ['', '(id: "a")', '(id: $id)'],
  first: ['', '(id: $id)'],
};
const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Thing: {
    name: '',
    size: '',
    count: '',
    friend: 'Thing',
    must: 'Thing',
    things: 'Thing',
    maybe: 'Thing',
    grid: '',
    any: 'Any',
    named: 'Named',
  },
  Other: { name: '', friend: 'Thing', only: '', anys: 'Any' },
  Named: { name: '', friend: 'Thing' },
  Any: {},
  Query: { thing: 'Thing', other: 'Other', any: 'Any', things: 'Thing', named: 'Named' },
  Mutation: { first: 'Thing', second: 'Other', third: 'Any' },
};

/** A selection set of a type, as text. */
function selectionOf(type: string, depth: number): fc.Arbitrary<string> {
  const fields = Object.entries(FIELDS[type] ?? {}).filter(([, of]) => of === '' || depth > 0);
  const field = ([name, of]: readonly [string, string]): fc.Arbitrary<string> =>
    fc
      .tuple(
        fc.constantFrom('', '', '', 'a: ', 'b: ', '__proto__: '),
        fc.constantFrom(...(ARGUMENTS[name] ?? [''])),
        CONDITION,
        of === '' ? fc.constant('') : selectionOf(of, depth - 1),
      )
      .map(([alias, args, condition, below]) => `${alias}${name}${args}${condition} ${below}`);
  const fragment = fc
    .tuple(
      fc.constantFrom(...(type === 'Any' || type === 'Named' ? ['Thing', 'Other', 'Named'] : [type])),
      CONDITION,
    )
    .chain(([on, condition]) =>
      depth === 0
        ? fc.constant('__typename')
        : selectionOf(on, depth - 1).map((below) => `... on ${on}${condition} ${below}`),
    );
  const spread = type === 'Thing' ? ['...Shared', '...Shared @skip(if: $no)', '__typename'] : ['__typename'];
  const one = fc.oneof(
    ...fields.map((entry) => ({ weight: 2, arbitrary: field(entry) })),
    fragment,
    fc.constantFrom(...spread),
  );
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((selections) => `{ ${selections.join(' ')} }`);
}

/** Fields of one name with other arguments are merged by both executors alike. */
const RULES = specifiedRules.filter(
  (rule) =>
    rule !== NoUnusedFragmentsRule &&
    rule !== NoUnusedVariablesRule &&
    rule !== OverlappingFieldsCanBeMergedRule,
);

const documents = fc
  .tuple(fc.constantFrom('Query', 'Query', 'Mutation'), fc.nat({ max: 3 }))
  .chain(([root, depth]) =>
    fc.tuple(fc.constant(root.toLowerCase()), selectionOf(root, depth + 1), selectionOf('Thing', 0)),
  )
  .map(
    ([kind, selection, shared]) =>
      `${kind} Op($no: Boolean = false, $yes: Boolean!, $n: Int, $list: [Int!], $range: Range, $id: ID) ${selection} fragment Shared on Thing ${shared.replaceAll(/\.\.\.Shared( @skip\(if: \$no\))?/g, 'name')}`,
  );

const OUTCOMES: readonly Outcome[] = [
  'value',
  'value',
  'value',
  'later',
  'null',
  'error',
  'late error',
  'returned error',
];
const worlds = fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 12 });
const variableSets = fc.record(
  {
    no: fc.boolean(),
    yes: fc.boolean(),
    n: fc.integer({ min: -9, max: 9 }),
    list: fc.constant([1, 2]),
    range: fc.constant({ to: [5] }),
    id: fc.constant('x'),
  },
  { requiredKeys: ['yes'] },
);

function partsOf(document: DocumentNode) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  let operation: OperationDefinitionNode | undefined;
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
    if (node.kind === Kind.OPERATION_DEFINITION) operation = node;
  }
  if (operation === undefined) throw new TypeError('the document has no operation');
  return { operation, fragments };
}

async function byPlan(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Values,
  context: World,
): Promise<ExecutionResult> {
  const { operation, fragments } = partsOf(document);
  const rootType = schema.getRootType(operation.operation);
  if (rootType == null) throw new TypeError('the schema has no such operation');
  const conditions = Object.fromEntries(
    conditionsOf(operation, fragments).map((name) => [name, variables[name]]),
  );
  const selection = new Planner(schema, fragments, conditions).plan(rootType, operation);
  return executePlan({
    schema,
    operation,
    fragments: Object.fromEntries(fragments),
    selection,
    variables,
    context,
  });
}

interface Seen {
  readonly data: string;
  /** The errors by the position that they make null. */
  readonly errors: ReadonlyMap<string, readonly string[]>;
}

/** A result as a client sees it, without internal messages, which may differ. */
function seen({ data, errors = [] }: ExecutionResult): Seen {
  const internal =
    /^(Abstract type|Runtime Object type|Expected `|Expected value of|Expected a value|The scalar or enum)/;
  const shown = errors.map((error) => ({
    at: nullAt(data, error.path ?? []),
    text: JSON.stringify({
      ...error.toJSON(),
      message: internal.test(error.message) ? 'internal' : error.message,
    }),
  }));
  const byPosition = Map.groupBy(shown, ({ at }) => at);
  return {
    data: JSON.stringify(data),
    errors: new Map([...byPosition].map(([at, all]) => [at, all.map(({ text }) => text).toSorted()])),
  };
}

/** The part of a path at which the data is null. */
function nullAt(data: unknown, path: readonly (string | number)[]): string {
  let value: unknown = data;
  let length = 0;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) break;
    value = new Map<string, unknown>(Object.entries(value)).get(String(key));
    length += 1;
  }
  return path.slice(0, length).join('/');
}

/**
 * The same data, and errors at the same positions. Of the errors below a position that is null, executors report the first
 * one, and others that came before it: at least one is the same.
 */
function expectSame(actual: Seen, expected: Seen): void {
  expect(actual.data).toBe(expected.data);
  expect([...actual.errors.keys()].toSorted()).toEqual([...expected.errors.keys()].toSorted());
  for (const [at, errors] of expected.errors) {
    const same = errors.filter((error) => actual.errors.get(at)?.includes(error));
    expect(same, at).not.toEqual([]);
  }
}

test.each([
  ['promises', resolve],
  ['values', resolveAtOnce],
])('a planned operation is answered as by graphql-js, with resolvers that return %s', async (_, resolver) => {
  const schema = schemaOfOutcomes();
  for (const type of Object.values(schema.getTypeMap()))
    if (isObjectType(type) && !type.name.startsWith('__'))
      for (const field of Object.values(type.getFields())) field.resolve = resolver;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(documents, worlds, variableSets, async (text, outcomes, variables) => {
      const document = parse(text);
      fc.pre(validate(schema, document, RULES).length === 0);
      const coerced = {
        no: false,
        ...variables,
        ...('range' in variables && { range: { from: 1, to: [5] } }),
      };
      const [ours, theirs] = [outcomes, outcomes].map((own): World => ({
        outcomes: own,
        turns: new Turns(),
        calls: [],
      }));
      if (ours === undefined || theirs === undefined) throw new TypeError('two worlds');
      const expected = await execute({ schema, document, variableValues: variables, contextValue: theirs });
      const actual = await byPlan(schema, document, coerced, ours);
      expectSame(seen(actual), seen(expected));
      // After an error, the fields below a value that is null already may still run, or not.
      if (expected.errors === undefined) expect(ours.calls.toSorted()).toEqual(theirs.calls.toSorted());
      compared += 1;
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(200);
});

test('the schema can be queried', async () => {
  const schema = schemaOfOutcomes();
  const document = parse(
    '{ __schema { queryType { name } types { name fields { name type { kind ofType { name } } } } } __type(name: "Size") { enumValues { name } } }',
  );
  const world: World = { outcomes: ['value'], turns: new Turns(), calls: [] };
  const expected = await execute({ schema, document, contextValue: world });
  expect(seen(await byPlan(schema, document, {}, world))).toEqual(seen(expected));
});

test('mutations run one after the other', async () => {
  const schema = schemaOfOutcomes();
  const world: World = { outcomes: ['later'], turns: new Turns(), calls: [] };
  const document = parse('mutation { first { name } second { name } again: second { name } }');
  await byPlan(schema, document, {}, world);
  expect(world.calls.map((call) => call.split(' ')[0])).toEqual([
    '/first',
    '/first/name',
    '/second',
    '/second/name',
    '/again',
    '/again/name',
  ]);
});

test('an item that fails at once leaves no rejection of the others unhandled', async () => {
  const schema = buildSchema('type Query { items: [Item!] } type Item { name: String! }');
  const failures: Record<string, () => unknown> = {
    late: () => Promise.reject(new Error('late')),
    now: () => {
      throw new Error('now');
    },
  };
  const [item, query] = [schema.getType('Item'), schema.getQueryType()];
  if (!isObjectType(item) || query == null) throw new TypeError('the types of the schema');
  const [name, items] = [item.getFields()['name'], query.getFields()['items']];
  if (name === undefined || items === undefined) throw new TypeError('the fields of the schema');
  name.resolve = (kind: string) => failures[kind]?.();
  items.resolve = () => ['late', 'now'];
  const world: World = { outcomes: [], turns: new Turns(), calls: [] };
  const { data, errors } = await byPlan(schema, parse('{ items { name } }'), {}, world);
  expect({ data: JSON.stringify(data), errors: errors?.map(({ message }) => message) }).toEqual({
    data: '{"items":null}',
    errors: ['now'],
  });
});
