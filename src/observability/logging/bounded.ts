import type { Scrubber } from './scrubber.ts';

/** The characters of one text. */
const MAX_TEXT = 1_000;
/** Longer than any secret that may stand where a text is cut. */
const MARGIN = 1_000;
/** The levels of objects and lists. An error with its causes has 8. */
const MAX_DEPTH = 10;
/** The values of one line, on all levels. */
const MAX_VALUES = 300;

/** Names whose values are never written. */
const SECRET_NAMES =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|ocp-apim-subscription-key|api[-_]?key|fiscal_?code|sig|.*(?:token|secret|password)|headers|body|variables)$/i;

/** Cuts a text to `most` characters. It is scrubbed first, so that no half of a secret remains. */
export function shortened(text: string, scrub: Scrubber, most = MAX_TEXT): string {
  if (text.length <= most) return text;
  const start = scrub(text.slice(0, most + MARGIN));
  return start.length <= most ? start : `${start.slice(0, most)}…`;
}

/** A copy of a value for the log: of bounded size, with errors reduced by `describeError` and secret names redacted. */
export function bounded(value: unknown, scrub: Scrubber): unknown {
  let values = 0;
  const copy = (given: unknown, depth: number): unknown => {
    values += 1;
    if (values > MAX_VALUES) return undefined;
    switch (typeof given) {
      case 'string':
        return shortened(given, scrub);
      case 'number':
      case 'boolean':
        return given;
      case 'bigint':
        return shortened(String(given), scrub);
      case 'object':
        return given === null ? null : copyObject(given, depth);
      default:
        return undefined;
    }
  };
  const copyObject = (given: object, depth: number): unknown => {
    if (given instanceof Error) return copy(describeError(given), depth);
    if (given instanceof Date || given instanceof URL) return copy(String(given.toJSON()), depth);
    if (depth >= MAX_DEPTH) return '…';
    if (Array.isArray(given)) return given.map((item) => copy(item, depth + 1)).filter(isGiven);
    // Maps, buffers, streams and requests are logged by their class only.
    if (!isPlain(given)) return `[${given.constructor.name}]`;
    const copied: Record<string, unknown> = {};
    for (const name of Object.keys(given)) {
      if (name === '__proto__') continue; // it would set the prototype
      const value = SECRET_NAMES.test(name) ? '[redacted]' : copy(Reflect.get(given, name), depth + 1);
      if (isGiven(value)) copied[shortened(name, scrub, 100)] = value;
    }
    return copied;
  };
  return copy(value, 0);
}

const isGiven = (value: unknown): boolean => value !== undefined;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The frames of a stack that the log keeps: outer frames of frameworks do not help. */
const MAX_FRAMES = 12;
/** The length of a chain of causes. */
const MAX_CAUSES = 5;
/** The errors of an AggregateError. */
const MAX_ERRORS = 3;

/** The part of an error that the log keeps. Errors may also carry bodies, headers, URLs and whole documents. */
export interface ErrorDescription {
  readonly type: string;
  readonly message?: string;
  /** The code of Node, undici and others: `ECONNREFUSED`. */
  readonly code?: string;
  /** From the innermost frame outwards. */
  readonly stack?: readonly string[];
  readonly cause?: ErrorDescription;
  readonly errors?: readonly ErrorDescription[];
}

function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error };
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  return {
    type: error.name,
    // `JSON.parse` quotes a part of its input, in which the scrubber would not recognise a secret.
    ...(!(error instanceof SyntaxError) && { message: error.message }),
    ...(typeof code === 'string' && { code }),
    ...(error.stack !== undefined && { stack: framesOf(error.stack) }),
    ...(depth < MAX_CAUSES && error.cause !== undefined && { cause: describeError(error.cause, depth + 1) }),
    ...(depth < MAX_CAUSES &&
      Array.isArray(errors) && {
        errors: errors.slice(0, MAX_ERRORS).map((one: unknown) => describeError(one, depth + 1)),
      }),
  };
}

/** The frames without the first lines, which repeat the message. */
function framesOf(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.slice('    at '.length));
}

/**
 * The causes of an upstream failure, from the outside in, without text of the service, which messages of parsers may quote:
 * `["SocketError UND_ERR_SOCKET"]`, `["AnswerShapeError documents.0.status is not a string"]`.
 */
export function describeCause(cause: unknown): string[] {
  const causes: string[] = [];
  for (let error = cause; error instanceof Error && causes.length < MAX_CAUSES; error = error.cause)
    causes.push(nameOf(error));
  return causes;
}

function nameOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}
