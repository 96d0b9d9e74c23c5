import { isLeft } from 'fp-ts/lib/Either.js';
import { failure } from 'io-ts/lib/PathReporter.js';
import * as t from 'io-ts';
import isEmail from 'validator/lib/isEmail.js';
import { uncaughtFailure, validationProblem } from '../http/problems.ts';

/*
 * The service decodes with io-ts, whose violations contain type names. The types here have the names of the service, so
 * that the texts are the same.
 */

/** A type of values for which `accepts` is true. */
function refined<A, O>(type: t.Type<A, O>, name: string, accepts: (value: A) => boolean): t.Type<A, O> {
  return new t.Type(
    name,
    (input): input is A => type.is(input) && accepts(input),
    (input, context) => {
      const decoded = type.validate(input, context);
      if (isLeft(decoded)) return decoded;
      return accepts(decoded.right) ? decoded : t.failure(decoded.right, context);
    },
    type.encode,
  );
}

export const nonEmptyString = refined(t.string, 'non empty string', (text) => text.length > 0);

/** The types of the service have a special name for strings of at least one character. */
export function stringOfAtLeast(min: number): t.Type<string> {
  if (min === 1) return nonEmptyString;
  return refined(t.string, `string of length >= ${min}`, (text) => text.length >= min);
}

/** A string of at least `min` and fewer than `end` UTF-16 units. */
export function stringWithin(min: number, end: number): t.Type<string> {
  const fits = (text: string): boolean => text.length >= min && text.length < end;
  return refined(t.string, `string of length >= ${min} and < ${end}`, fits);
}

function stringLike(pattern: string): t.Type<string> {
  const expression = new RegExp(pattern);
  return refined(t.string, `string that matches the pattern "${pattern}"`, (text) => expression.test(text));
}

/** 16 upper-case characters; L M N P Q R S T U V can replace digits (omocodia). The check character is not verified. */
export const fiscalCode = stringLike(
  '^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$',
);

/**
 * An email address with a top-level domain, an ASCII local part and no display name, validated by the library of the
 * service. The library throws on a lone surrogate, and the service does not catch that.
 */
export const email = refined(t.string, 'string that represents an email address', (text) => {
  try {
    return isEmail.default(text, { allow_utf8_local_part: false });
  } catch (error) {
    throw error instanceof URIError ? uncaughtFailure() : error;
  }
});

export const nonNegativeNumber = refined(t.number, 'number >= 0', (value) => value >= 0);

/** Text that JavaScript converts to a number, including ` 30` and `0x1E`. */
const numberFromString = new t.Type<number, string, unknown>(
  'NumberFromString',
  t.number.is,
  (input, context) => {
    const value = typeof input === 'string' ? Number(input) : Number.NaN;
    return Number.isNaN(value) ? t.failure(input, context) : t.success(value);
  },
  String,
);

/** Two steps: an error of the bounds shows a number, an error of the conversion shows the text. */
export function integerFromStringWithin(min: number, end: number): t.Type<number, string> {
  const integer = refined(numberFromString, 'IntegerFromString', Number.isInteger);
  const fits = (value: number): boolean => value >= min && value < end;
  return integer.pipe(refined(t.number, `integer >= ${min} and < ${end}`, fits));
}

/**
 * Date and time to the second. A fraction is truncated to milliseconds, the default time zone is that of the service
 * (UTC), and a day that does not exist rolls over to the next month.
 */
export const timestamp = t.union(
  [
    dateLike('UtcOnlyIsoDateFromString', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?$/),
    dateLike('TimezoneOnlyIsoDateFromString', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d{2}:\d{2}$/),
  ],
  'IsoDateFromString',
);

function dateLike(name: string, form: RegExp): t.Type<Date, string, unknown> {
  const isDate = (input: unknown): input is Date => input instanceof Date;
  return new t.Type(
    name,
    isDate,
    (input, context) => {
      if (isDate(input)) return t.success(input);
      if (typeof input !== 'string' || !form.test(input)) return t.failure(input, context);
      const date = new Date(/[Z+]|-\d\d:\d\d$/.test(input) ? input : `${input}Z`);
      return Number.isNaN(date.getTime()) ? t.failure(input, context) : t.success(date);
    },
    (date) => date.toISOString(),
  );
}

export function oneOf<const T extends string>(name: string, members: readonly T[]): t.Type<T> {
  const isMember = (input: unknown): input is T => members.some((member) => member === input);
  return new t.Type(
    name,
    isMember,
    (input, context) => (isMember(input) ? t.success(input) : t.failure(input, context)),
    t.identity,
  );
}

/** An object type as the service generates it from a schema: unknown members are dropped. */
export function model<R extends t.Props, O extends t.Props = Record<never, never>>(
  name: string,
  required: R,
  optional?: O,
): t.ExactC<t.IntersectionC<[t.TypeC<R>, t.PartialC<O>]>> {
  // The cast: without optional members `O` is the type of an empty object.
  return t.exact(t.intersection([t.type(required), t.partial(optional ?? ({} as O))], name));
}

/**
 * The decoded value.
 * @throws Refusal, the service's 422 with the violations
 */
export function valueOrRefuse<T>(decoded: t.Validation<T>): T {
  if (isLeft(decoded)) throw validationProblem(failure(decoded.left));
  return decoded.right;
}

/** Decodes a value and applies {@link valueOrRefuse}. */
export function decodeOrRefuse<T>(type: t.Decoder<unknown, T>, input: unknown): T {
  return valueOrRefuse(type.decode(input));
}
