import { isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import type { GraphQLInputObjectType, GraphQLInputType } from 'graphql';
import type { Seeded } from '../../mocks/sandbox/data/seed-input.ts';
import type { Draw } from './support-draw.ts';

/** A value in JSON, and as a GraphQL literal. */
export interface Value {
  readonly json: string;
  readonly literal: string;
}

const FISCAL_CODES = ['SPNDNL80R13C555X', 'AAABBB89C11D222E', 'XPNDNL80R13C555X', 'spndnl80r13c555x'];

/** Ids of existing objects, by the name of their argument. */
export interface Ids {
  readonly id: readonly string[];
  readonly dossierId: readonly string[];
  readonly signatureRequestId: readonly string[];
  readonly documentId: readonly string[];
  readonly signerId: readonly string[];
}

/** The ids of a document and its request. */
export interface Target {
  readonly signatureRequestId: string;
  readonly documentId: string;
}

export const targetsOf = (requests: Seeded['requests']): Target[] =>
  requests.flatMap(({ id, documentIds }) =>
    documentIds.map((documentId) => ({ signatureRequestId: id, documentId })),
  );

/** Names with a special meaning in JavaScript. */
export const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
];

/** Texts with a special meaning in some layer. */
export const HOSTILE_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udc00\ud800',
  '\u202ea',
  '\ufeff',
  'é'.repeat(200),
  '👩‍👩‍👧‍👦'.repeat(50),
  'x'.repeat(20_000),
  '../../etc/passwd',
  '..%2f..%2fsigners',
  'x/../../dossiers',
  '%00',
  'a?b=c#d',
  'a\r\nx-evil: 1',
  '"}],"x":[{"y":"',
  '${7*7}{{7*7}}',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  '2026-02-30T00:00:00Z',
  '2026-06-30T21:59:59Z',
  '+275760-09-13T00:00:00.001Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59+14:00',
  'urp@example.it',
  'a@b.c\r\nbcc: d@e.f',
  'Contratto',
  'Firma del contratto',
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '8c2f1a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b',
  'eyJkb3NzaWVySWQiOiIxIiwib2Zmc2V0IjoxfQ',
  ...PROTOTYPE_NAMES,
  ...FISCAL_CODES,
];

/** Without 1 to 55, which are valid waits in seconds. */
const HOSTILE_NUMBERS = [
  '0',
  '-0',
  '-1',
  '100',
  '101',
  '1.5',
  '1e1',
  '2147483647',
  '2147483648',
  '-2147483649',
  '9007199254740993',
  '1e308',
  '1e999',
  '-1e999',
  '1e-320',
  `1${'0'.repeat(400)}`,
];

const same = (text: string): Value => ({ json: text, literal: text });

const textValue = (text: string): Value => ({
  json: JSON.stringify(text),
  // JSON and GraphQL have the same escapes.
  literal: JSON.stringify(text),
});

function listOf(values: readonly Value[]): Value {
  return {
    json: `[${values.map(({ json }) => json).join(',')}]`,
    literal: `[${values.map(({ literal }) => literal).join(' ')}]`,
  };
}

function objectOf(entries: readonly (readonly [name: string, value: Value])[]): Value {
  return {
    json: `{${entries.map(([name, { json }]) => `${JSON.stringify(name)}:${json}`).join(',')}}`,
    literal: `{${entries.map(([name, { literal }]) => `${name}: ${literal}`).join(' ')}}`,
  };
}

function nested(levels: number): Value {
  return same(`${'['.repeat(levels)}${']'.repeat(levels)}`);
}

/** Values for input types, sometimes invalid. */
export class Values {
  readonly #draw: Draw;
  readonly #ids: Ids;

  constructor(draw: Draw, ids: Ids) {
    this.#draw = draw;
    this.#ids = ids;
  }

  /** A value for the type of an argument or field with this name, or with flaws an invalid one. */
  of(name: string, type: GraphQLInputType, depth = 0): Value {
    const draw = this.#draw;
    if (!isNonNullType(type)) return draw.once(12) ? same('null') : this.#present(name, type, depth);
    return draw.flaw(40) ? same('null') : this.#present(name, type.ofType, depth);
  }

  #present(name: string, type: GraphQLInputType, depth: number): Value {
    const draw = this.#draw;
    if (draw.flaw(10)) return this.hostile(depth);
    if (isNonNullType(type)) return this.#present(name, type.ofType, depth);
    if (isListType(type)) {
      if (draw.once(40))
        return listOf(Array.from({ length: 300 }, () => this.of(name, type.ofType, depth + 3)));
      if (draw.once(10)) return this.of(name, type.ofType, depth + 1); // a single value is coerced to a list
      return listOf(draw.some(0, 3, () => this.of(name, type.ofType, depth + 1)));
    }
    if (isInputObjectType(type)) return depth > 5 ? same('{}') : this.#object(type, depth);
    if (isEnumType(type)) return this.#enumValue(type.getValues().map(({ name }) => name));
    return this.#scalar(type.name, name);
  }

  /** An arbitrary value. */
  hostile(depth = 0): Value {
    const draw = this.#draw;
    return draw.one<() => Value>([
      () => textValue(draw.one(HOSTILE_TEXTS)),
      () => same(draw.one(HOSTILE_NUMBERS)),
      () => same(draw.one(['true', 'false', 'null'])),
      () => textValue(draw.text()),
      () => nested(draw.one([1, 2, 20, 150])),
      () => ({ json: nested(20_000).json, literal: nested(20).literal }),
      () => (depth > 3 ? same('[]') : listOf(draw.some(0, 3, () => this.hostile(depth + 1)))),
      () =>
        depth > 3
          ? same('{}')
          : objectOf(draw.some(0, 3, () => [draw.one(PROTOTYPE_NAMES), this.hostile(depth + 1)])),
    ])();
  }

  #object(type: GraphQLInputObjectType, depth: number): Value {
    const draw = this.#draw;
    const entries: [string, Value][] = [];
    const fields = Object.values(type.getFields());
    if (type.isOneOf && !draw.flaw(4)) {
      const { name, type: only } = draw.one(fields);
      return objectOf([[name, this.#present(name, only, depth + 1)]]);
    }
    for (const field of fields) {
      // Always set, because the default is a wait of 15 seconds; see also `HOSTILE_NUMBERS`.
      const isWait = field.name === 'waitSeconds';
      if (isWait) entries.push([field.name, draw.flaw(8) ? this.hostile() : same('0')]);
      else if (!(isNonNullType(field.type) ? draw.flaw(30) : draw.once(2)))
        entries.push([field.name, this.of(field.name, field.type, depth + 1)]);
    }
    const [twice] = entries;
    if (twice !== undefined && draw.flaw(40)) entries.push(twice);
    if (draw.flaw(30)) entries.push([draw.one([...PROTOTYPE_NAMES, 'nope', 'fiscalcode']), this.hostile()]);
    return objectOf(entries);
  }

  #enumValue(names: readonly string[]): Value {
    const name = this.#draw.one([...names, ...(this.#draw.flaw(6) ? ['NOPE', '__proto__'] : [])]);
    return { json: JSON.stringify(name), literal: name };
  }

  #scalar(type: string, name: string): Value {
    const draw = this.#draw;
    switch (type) {
      case 'ID':
        return textValue(draw.one(draw.once(8) ? HOSTILE_TEXTS : this.#idsFor(name)));
      case 'FiscalCode':
        return textValue(draw.one(FISCAL_CODES));
      case 'Int':
        return same(draw.one(['0', '1', '3', '100', ...(draw.flaw(3) ? HOSTILE_NUMBERS : [])]));
      case 'Float':
        return same(draw.one(['0', '85.5', '177', ...(draw.flaw(3) ? HOSTILE_NUMBERS : [])]));
      case 'Boolean':
        return same(draw.one(['true', 'false']));
      case 'DateTime':
        return textValue(
          draw.one(['2099-06-30T21:59:59Z', '2026-06-30T23:59:59+02:00', draw.one(HOSTILE_TEXTS)]),
        );
      case 'Upload':
        return same('null');
      default:
        return textValue(
          draw.one(['Contratto', 'Firma del contratto', 'urp@example.it', draw.one(HOSTILE_TEXTS)]),
        );
    }
  }

  #idsFor(name: string): readonly string[] {
    const all = Object.values(this.#ids).flat();
    if (this.#draw.once(10)) return all;
    return new Map<string, readonly string[]>(Object.entries(this.#ids)).get(name) ?? all;
  }
}
