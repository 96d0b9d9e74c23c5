import { getNamedType, isAbstractType, isCompositeType, isNonNullType } from 'graphql';
import type { GraphQLField, GraphQLInputType, GraphQLNamedOutputType, GraphQLObjectType } from 'graphql';
import { schema } from '../../src/schema/index.ts';
import type { Draw } from './support-draw.ts';
import { PROTOTYPE_NAMES, Values } from './support-values.ts';
import type { Ids } from './support-values.ts';

/** The GraphQL parameters of a request. */
export interface Operation {
  readonly query: string;
  /** JSON. */
  readonly variables: string;
  readonly operationName: string | undefined;
  /** Whether the answer is an event stream. */
  readonly isStream: boolean;
}

const SPLINTERS = [
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  '$',
  '@',
  '!',
  '...',
  ':',
  '&',
  '|',
  '"',
  '"""',
  '#',
  '\n',
  '-',
  '1e',
  '\\u',
  '\\u{110000}',
  '\u0000',
  '\ufeff',
  '\ud800',
  'on',
  'fragment',
  'query',
  'mutation',
  'subscription',
  'null',
  '__proto__',
  'extend schema @nope',
  '@skip(if: $x)',
];
const NAMES = ['a', 'b', 'nope', '__typename', '__schema', '__type', 'documents', 'id', ...PROTOTYPE_NAMES];
const DIRECTIVES = ['@skip(if: false)', '@include(if: true)', '@skip(if: true)'];
const WRONG_DIRECTIVES = [
  '@skip(if: $b)',
  '@include',
  '@skip(if: "no")',
  '@deprecated',
  '@oneOf',
  '@specifiedBy(url: "x")',
  '@nope(a: 1)',
  '@__proto__',
  '@defer',
  '@stream(initialCount: 1)',
];
const INTROSPECTIONS = [
  '__schema { types { name fields { name type { name ofType { name } } } } }',
  '__schema { types { fields { type { fields { type { fields { name } } } } } } }',
  '__type(name: "__proto__") { name }',
  '__type(name: "Dossier") { fields { name args { defaultValue } } }',
];
const MAX_DEPTH = 4;

/** An operation that is valid for the schema, or nearly valid. */
export function operation(draw: Draw, ids: Ids): Operation {
  const writer = new Writer(draw, ids);
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => type != null,
  );
  const names = draw.flaw(12) ? draw.some(1, 3, () => draw.one(['One', 'Two', ''])) : [draw.one(['', 'One'])];
  const types = names.map(() => draw.one(roots));
  const texts = names.map((name, index) => writer.operation(types[index] ?? draw.one(roots), name));
  const query = [...texts, ...writer.fragments()].join('\n');
  const { variables } = writer;
  return {
    query: draw.flaw(6) ? draw.mutated(query, SPLINTERS) : query,
    variables: draw.flaw(15) ? draw.mutated(variables, [...SPLINTERS, ',', '1']) : variables,
    isStream: types.every((type) => type === schema.getSubscriptionType()),
    operationName: draw.flaw(8) ? draw.one(['One', 'Nope', '', '__proto__']) : undefined,
  };
}

class Writer {
  readonly #draw: Draw;
  readonly #values: Values;
  #declared: string[] = [];
  readonly #given: [name: string, json: string][] = [];
  readonly #fragments = new Map<string, string>();
  /** The prefix of aliases in the current fragment, so that its fields do not conflict with others. */
  #fragment = '';

  constructor(draw: Draw, ids: Ids) {
    this.#draw = draw;
    this.#values = new Values(draw, ids);
  }

  operation(type: GraphQLObjectType, name: string): string {
    const draw = this.#draw;
    this.#declared = draw.flaw(20) ? ['$b: Boolean!'] : [];
    const kind = type === schema.getQueryType() ? 'query' : type.name.toLowerCase();
    // A subscription has one field.
    const isSingle = type === schema.getSubscriptionType() && !draw.flaw(8);
    const selection = isSingle
      ? `{ ${this.#field(draw.one(Object.values(type.getFields())), 0, new Set())} }`
      : this.#selection(type, 0);
    if (kind === 'query' && this.#declared.length === 0 && name === '') return selection;
    const declared = this.#declared.length === 0 ? '' : `(${this.#declared.join(' ')})`;
    return `${kind} ${name}${declared}${draw.flaw(20) ? ` ${draw.one(WRONG_DIRECTIVES)}` : ''} ${selection}`;
  }

  fragments(): string[] {
    return [...this.#fragments.values()];
  }

  /** The JSON of all used variables, and sometimes of unused ones. */
  get variables(): string {
    const draw = this.#draw;
    if (draw.flaw(40)) return this.#values.hostile().json;
    const given = [...this.#given];
    if (draw.flaw(30)) given.push([draw.one(NAMES), this.#values.hostile().json]);
    if (draw.flaw(30)) given.shift();
    return `{${given.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
  }

  #selection(type: GraphQLNamedOutputType, depth: number): string {
    const draw = this.#draw;
    // Two fields with the same response name would have to be identical.
    const taken = new Set<string>();
    const most = draw.flaw(60) ? 60 : 4;
    return `{ ${draw.some(1, most, () => this.#part(type, depth, taken)).join(' ')} }`;
  }

  #part(type: GraphQLNamedOutputType, depth: number, taken: Set<string>): string {
    const draw = this.#draw;
    if (draw.once(10)) return `__typename${this.#directives()}`;
    if (draw.flaw(30)) return draw.one(NAMES);
    if (draw.once(25)) return this.#spread(type, depth);
    if (draw.flaw(60)) return draw.one(INTROSPECTIONS);
    if (!('getFields' in type) || !isCompositeType(type) || (isAbstractType(type) && draw.once(2)))
      return this.#onMember(type, depth);
    return this.#field(draw.one(Object.values(type.getFields())), depth, taken);
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number, taken: Set<string>): string {
    const draw = this.#draw;
    const isTaken = taken.has(field.name) || this.#fragment !== '' || draw.once(6);
    const alias = draw.flaw(10)
      ? `${draw.one(NAMES)}: `
      : isTaken
        ? `${field.name}${this.#fragment}${taken.size}: `
        : '';
    taken.add(field.name).add(alias);
    const args = field.args
      .filter(({ type }) => !(isNonNullType(type) ? draw.flaw(30) : draw.once(2)))
      .map(({ name, type }) => `${draw.flaw(60) ? draw.one(NAMES) : name}: ${this.#argument(name, type)}`);
    const call = args.length === 0 ? '' : `(${args.join(', ')})`;
    const head = `${alias}${field.name}${call}${this.#directives()}`;
    const type = getNamedType(field.type);
    if (isCompositeType(type) === draw.flaw(60)) return head;
    if (!isCompositeType(type)) return `${head} { id }`;
    return `${head} ${this.#below(type, depth)}`;
  }

  #below(type: GraphQLNamedOutputType, depth: number): string {
    return depth >= MAX_DEPTH ? '{ __typename }' : this.#selection(type, depth + 1);
  }

  #argument(argument: string, type: GraphQLInputType): string {
    const draw = this.#draw;
    const { literal, json } = this.#values.of(argument, type);
    // Files are variables.
    if (draw.once(3) && !literal.includes('file: null')) return literal;
    const name = draw.flaw(40) ? draw.one(PROTOTYPE_NAMES) : `v${this.#given.length}`;
    const wrong = ['String', 'Int!', '[ID!]', 'Dossier', 'Nope', 'Upload'];
    const declared = draw.flaw(30) ? draw.one(wrong) : String(type);
    const byDefault = draw.once(20) ? ` = ${this.#values.of(argument, type).literal}` : '';
    this.#declared.push(`$${name}: ${declared}${byDefault}`);
    this.#given.push([name, json]);
    return `$${name}`;
  }

  #onMember(type: GraphQLNamedOutputType, depth: number): string {
    const draw = this.#draw;
    const members = isAbstractType(type) ? schema.getPossibleTypes(type) : [];
    const on = draw.flaw(20) || members.length === 0 ? schema.getQueryType() : draw.one(members);
    return on ? `... on ${on.name}${this.#directives()} ${this.#below(on, depth)}` : '__typename';
  }

  /** A fragment, which with flaws may contain itself or have another type. */
  #spread(type: GraphQLNamedOutputType, depth: number): string {
    const draw = this.#draw;
    const isWrong = draw.flaw(4);
    // Each fragment is used once, because its fields could conflict with others.
    const name = isWrong ? draw.one(['F', 'on', '__proto__']) : `F${this.#fragments.size}`;
    if (!this.#fragments.has(name)) {
      this.#fragments.set(name, '');
      const outer = this.#fragment;
      this.#fragment = name;
      const inside = this.#below(type, depth);
      this.#fragment = outer;
      const on = isWrong && draw.once(3) ? draw.one(['Query', 'Dossier', 'Nope', 'String']) : type.name;
      this.#fragments.set(name, `fragment ${name} on ${on}${isWrong ? this.#directives() : ''} ${inside}`);
    }
    return `...${name}${this.#directives()}`;
  }

  #directives(): string {
    const draw = this.#draw;
    if (draw.flaw(25))
      return ` ${draw.some(1, draw.once(10) ? 40 : 2, () => draw.one(WRONG_DIRECTIVES)).join(' ')}`;
    return draw.once(30) ? ` ${draw.one(DIRECTIVES)}` : '';
  }
}
