import { readTimestamp } from './timestamp.ts';
import type { Timestamp } from './timestamp.ts';

/** A property that breaks the contract: its path from the body, and why. Neither quotes the answer. */
interface Issue {
  readonly path: readonly (string | number)[];
  readonly problem: `is not ${string}` | 'has no known form';
}

/** The issues of one answer that its error names. */
const MAX_ISSUES = 5;

/** An answer whose shape the contract does not allow. */
export class AnswerShapeError extends Error {
  override readonly name = 'AnswerShapeError';
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super('the answer does not have the shape of the contract');
    this.issues = issues;
  }

  /** The first issues, for the log. */
  get code(): string {
    return this.issues
      .slice(0, MAX_ISSUES)
      .map(({ path, problem }) => `${path.join('.')} ${problem}`)
      .join(', ');
  }
}

type NameOf<Contract> = Contract extends unknown ? keyof Contract & string : never;
type ValueOf<Contract, Name> = Contract extends unknown
  ? Name extends keyof Contract
    ? Contract[Name]
    : undefined
  : never;
/** The properties, of any form of an object, whose values in the contract are all of this type. */
type NamesOf<Contract, Value> = {
  [Name in NameOf<Contract>]: ValueOf<Contract, Name> extends Value ? Name : never;
}[NameOf<Contract>];

type Optional<Value> = Value | null | undefined;
type Part<Contract, Name> = NonNullable<ValueOf<Contract, Name>>;
type Item<List> = List extends readonly (infer One)[] ? One : never;
/** Makes a model, or a part of one, of an object. */
type Read<Contract, Model> = (wire: WireObject<Contract>) => Model;

interface Position {
  /** The path from the body to a property, or to an item of it. */
  pathOf(name: string, index?: number): (string | number)[];
}

/**
 * An object in an answer of the service. It reads each property once and checks its type. The compiler refuses a method that
 * does not accept all that the contract allows for a property; `null` means the same as a missing property.
 *
 * A wrong property is reported and replaced, so that one pass finds all issues; `readAnswer` then throws. The library of the
 * other schemas takes several times as long for an answer, and fills the heap with copies.
 */
export class WireObject<Contract> implements Position {
  readonly #properties: Readonly<Record<string, unknown>>;
  readonly #issues: Issue[];
  /** Where it is: a property of another object, or an item of one. */
  readonly #outer: Position | undefined;
  readonly #name: string | undefined;
  readonly #index: number | undefined;

  constructor(
    properties: Readonly<Record<string, unknown>>,
    issues: Issue[],
    outer?: Position,
    name?: string,
    index?: number,
  ) {
    this.#properties = properties;
    this.#issues = issues;
    this.#outer = outer;
    this.#name = name;
    this.#index = index;
  }

  text(name: NamesOf<Contract, string>): string {
    const value = this.#properties[name];
    return typeof value === 'string' ? value : this.#wrong(name, 'is not a string', '');
  }

  optionalText(name: NamesOf<Contract, Optional<string>>): string | undefined {
    const value = this.#properties[name] ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    return this.#wrong(name, 'is not a string', undefined);
  }

  number(name: NamesOf<Contract, number>): number {
    const value = this.#properties[name];
    return typeof value === 'number' && Number.isFinite(value)
      ? value
      : this.#wrong(name, 'is not a finite number', 0);
  }

  flag(name: NamesOf<Contract, boolean>): boolean {
    const value = this.#properties[name];
    return typeof value === 'boolean' ? value : this.#wrong(name, 'is not a boolean', false);
  }

  timestamp(name: NamesOf<Contract, string>): Timestamp {
    return this.#timestamp(name, this.#properties[name]);
  }

  optionalTimestamp(name: NamesOf<Contract, Optional<string>>): Timestamp | undefined {
    const value = this.#properties[name] ?? undefined;
    return value === undefined ? undefined : this.#timestamp(name, value);
  }

  object<Name extends NamesOf<Contract, object>, Model>(
    name: Name,
    read: Read<Part<Contract, Name>, Model>,
  ): Model {
    return this.#read(this.#properties[name], read, name);
  }

  optionalObject<Name extends NamesOf<Contract, Optional<object>>, Model>(
    name: Name,
    read: Read<Part<Contract, Name>, Model>,
  ): Model | undefined {
    const value = this.#properties[name] ?? undefined;
    return value === undefined ? undefined : this.#read(value, read, name);
  }

  /** An object of one of two forms: of the first if it has a text of this name. */
  oneOf<First extends object, Second extends object, A, B>(
    name: NamesOf<Contract, First | Second>,
    textOfFirst: NamesOf<First, string>,
    first: Read<First, A>,
    second: Read<Second, B>,
  ): A | B {
    const value = this.#properties[name];
    if (isObject(value) && typeof value[textOfFirst] === 'string') return this.#read(value, first, name);
    const issuesBefore = this.#issues.length;
    const model = this.#read(value, second, name);
    if (this.#issues.length === issuesBefore) return model;
    // What is wrong in it depends on the form that was meant.
    this.#issues.length = issuesBefore;
    return this.#wrong(name, 'has no known form', model);
  }

  objects<Name extends NamesOf<Contract, readonly object[]>, Model>(
    name: Name,
    read: Read<Item<Part<Contract, Name>>, Model>,
  ): Model[] {
    return this.#objects(name, this.#properties[name], read);
  }

  /** A missing list is an empty one. */
  optionalObjects<Name extends NamesOf<Contract, Optional<readonly object[]>>, Model>(
    name: Name,
    read: Read<Item<Part<Contract, Name>>, Model>,
  ): Model[] {
    return this.#objects(name, this.#properties[name] ?? [], read);
  }

  /** A missing list is an empty one. */
  optionalTexts(name: NamesOf<Contract, Optional<readonly string[]>>): string[] {
    return this.#list(name, this.#properties[name] ?? []).map((value, index) => {
      if (typeof value === 'string') return value;
      this.#issues.push({ path: this.pathOf(name, index), problem: 'is not a string' });
      return '';
    });
  }

  /** A list whose items the caller checks. */
  items(name: NamesOf<Contract, readonly unknown[]>): readonly unknown[] {
    return this.#list(name, this.#properties[name]);
  }

  #timestamp(name: string, value: unknown): Timestamp {
    const timestamp = typeof value === 'string' ? readTimestamp(value) : undefined;
    return timestamp ?? this.#wrong(name, 'is not a timestamp', '0000-Z');
  }

  #objects<One, Model>(name: string, value: unknown, read: Read<One, Model>): Model[] {
    return this.#list(name, value).map((item, index) => this.#read(item, read, name, index));
  }

  #read<Inner, Model>(value: unknown, read: Read<Inner, Model>, name: string, index?: number): Model {
    if (isObject(value)) return read(new WireObject<Inner>(value, this.#issues, this, name, index));
    this.#issues.push({ path: this.pathOf(name, index), problem: 'is not an object' });
    return readNothing(read);
  }

  #list(name: string, value: unknown): readonly unknown[] {
    return Array.isArray(value) ? value : this.#wrong(name, 'is not a list', []);
  }

  #wrong<Value>(name: string, problem: Issue['problem'], instead: Value): Value {
    this.#issues.push({ path: this.pathOf(name), problem });
    return instead;
  }

  pathOf(name: string, index?: number): (string | number)[] {
    const outer = this.#outer === undefined ? [] : this.#outer.pathOf(this.#name ?? '', this.#index);
    return index === undefined ? [...outer, name] : [...outer, name, index];
  }
}

/**
 * Makes a model of the body of an answer.
 * @throws {AnswerShapeError} with all issues
 */
export function readAnswer<Contract, Model>(body: unknown, read: Read<Contract, Model>): Model {
  const issues: Issue[] = [];
  const model = isObject(body) ? read(new WireObject<Contract>(body, issues)) : readNothing(read);
  if (!isObject(body)) issues.push({ path: [], problem: 'is not an object' });
  if (issues.length > 0) throw new AnswerShapeError(issues);
  return model;
}

/** The body of an answer that is a string alone. @throws {AnswerShapeError} */
export function readText(body: unknown): string {
  if (typeof body === 'string') return body;
  throw new AnswerShapeError([{ path: [], problem: 'is not a string' }]);
}

/** The model instead of a value that is not an object. Its missing properties are no further issues. */
function readNothing<Contract, Model>(read: Read<Contract, Model>): Model {
  return read(new WireObject<Contract>({}, []));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
