/**
 * A small stand-in for io-ts, the decoder library of the service: same verdicts, same wording of violations,
 * `Invalid value <json> supplied to : <Type>/<path>`.
 */
export interface Codec<T> {
  readonly name: string;
  /** `path` is the way from the root, this codec's own name included. */
  decode(input: unknown, path: string): Decoded<T>;
}

export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly violations: readonly string[] };

/** Decodes from the root. */
export function decode<T>(codec: Codec<T>, input: unknown): Decoded<T> {
  return codec.decode(input, codec.name);
}

export function invalid(input: unknown, path: string): Decoded<never> {
  const value = input === undefined ? 'undefined' : JSON.stringify(input);
  return { ok: false, violations: [`Invalid value ${value} supplied to : ${path}`] };
}

/** A codec for one value: `parse` gives the decoded value, or undefined to refuse. */
export function value<T>(name: string, parse: (input: unknown) => T | undefined): Codec<T> {
  return {
    name,
    decode(input, path) {
      const parsed = parse(input);
      return parsed === undefined ? invalid(input, path) : { ok: true, value: parsed };
    },
  };
}

export const string = value('string', (input) => (typeof input === 'string' ? input : undefined));
export const nonEmptyString = stringWhere('non empty string', (text) => text.length > 0);
export const number = value('number', (input) => (typeof input === 'number' ? input : undefined));
export const positiveNumber = value('number >= 0', (input) =>
  typeof input === 'number' && input >= 0 ? input : undefined,
);

export function stringWhere(name: string, accepts: (text: string) => boolean): Codec<string> {
  return value(name, (input) => (typeof input === 'string' && accepts(input) ? input : undefined));
}

/** The service's own types have a name for strings of at least one character. */
export function stringOfAtLeast(min: number): Codec<string> {
  if (min === 1) return nonEmptyString;
  return stringWhere(`string of length >= ${min}`, (text) => text.length >= min);
}

/** A string of at least `min` and fewer than `end` UTF-16 units. */
export function stringWithin(min: number, end: number): Codec<string> {
  return stringWhere(
    `string of length >= ${min} and < ${end}`,
    (text) => text.length >= min && text.length < end,
  );
}

export function oneOf<const T extends string>(name: string, members: readonly T[]): Codec<T> {
  return value(name, (input) => members.find((member) => member === input));
}

export function arrayOf<T>(item: Codec<T>, name = `array of ${item.name}`): Codec<T[]> {
  return {
    name,
    decode(input, path) {
      if (!Array.isArray(input)) return invalid(input, path);
      const values: T[] = [];
      const violations: string[] = [];
      for (const [index, element] of input.entries()) {
        const decoded = item.decode(element, `${path}/${index}: ${item.name}`);
        if (decoded.ok) values.push(decoded.value);
        else violations.push(...decoded.violations);
      }
      return violations.length > 0 ? { ok: false, violations } : { ok: true, value: values };
    },
  };
}

type Members = Readonly<Record<string, Codec<unknown>>>;
type ValueOf<C> = C extends Codec<infer T> ? T : never;
type Required<R extends Members> = { [K in keyof R]: ValueOf<R[K]> };
type Optional<O extends Members> = { [K in keyof O]?: ValueOf<O[K]> };

/** An object: members it does not know are dropped, optional ones may be absent but not null. */
export function object<R extends Members, O extends Members = Record<never, never>>(
  name: string,
  required: R,
  optional?: O,
): Codec<Required<R> & Optional<O>> {
  const describe = (members: Members) =>
    Object.entries(members)
      .map(([key, codec]) => `${key}: ${codec.name}`)
      .join(', ');
  // With optional members the service's generated types are an intersection: 0 the required part, 1 the rest.
  const requiredStep = optional === undefined ? '' : `/0: { ${describe(required)} }`;
  const optionalStep = optional === undefined ? '' : `/1: Partial<{ ${describe(optional)} }>`;
  return {
    name: `Exact<${name}>`,
    decode(input, path) {
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return invalid(input, path);
      const source = new Map<string, unknown>(Object.entries(input));
      const result: Record<string, unknown> = {};
      const violations: string[] = [];
      const take = (key: string, codec: Codec<unknown>, step: string) => {
        const decoded = codec.decode(source.get(key), `${path}${step}/${key}: ${codec.name}`);
        if (decoded.ok) result[key] = decoded.value;
        else violations.push(...decoded.violations);
      };
      for (const [key, codec] of Object.entries(required)) take(key, codec, requiredStep);
      for (const [key, codec] of Object.entries(optional ?? {})) {
        if (source.get(key) !== undefined) take(key, codec, optionalStep);
      }
      if (violations.length > 0) return { ok: false, violations };
      // Each member was decoded by the codec of that name just above.
      return { ok: true, value: result as Required<R> & Optional<O> };
    },
  };
}

/** The first of two shapes that fits. */
export function either<A, B>(first: Codec<A>, second: Codec<B>, name: string): Codec<A | B> {
  return {
    name,
    decode(input, path) {
      const one = first.decode(input, `${path}/0: ${first.name}`);
      if (one.ok) return one;
      const two = second.decode(input, `${path}/1: ${second.name}`);
      if (two.ok) return two;
      return { ok: false, violations: [...one.violations, ...two.violations] };
    },
  };
}
