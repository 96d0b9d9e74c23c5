/** Stacks are for finding the place: what called the framework that called us does not help. */
const MAX_FRAMES = 12;
/** Of a chain of causes. */
const MAX_DEPTH = 5;
/** Of an AggregateError. */
const MAX_ERRORS = 3;

/** What the log keeps of an error, and nothing else that it carries: bodies, headers, addresses, whole documents. */
export interface ErrorDescription {
  readonly type: string;
  readonly message?: string;
  /** Of Node, undici and others: `ECONNREFUSED`. */
  readonly code?: string;
  /** Where it was thrown, from the inside out. */
  readonly stack?: readonly string[];
  readonly cause?: ErrorDescription;
  readonly errors?: readonly ErrorDescription[];
}

export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error };
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  return {
    type: error.name,
    // `JSON.parse` quotes what it could not read, and so a part of something that nobody would recognise any more.
    ...(!(error instanceof SyntaxError) && { message: error.message }),
    ...(typeof code === 'string' && { code }),
    ...(error.stack !== undefined && { stack: framesOf(error.stack) }),
    ...(depth < MAX_DEPTH && error.cause !== undefined && { cause: describeError(error.cause, depth + 1) }),
    ...(depth < MAX_DEPTH &&
      Array.isArray(errors) && {
        errors: errors.slice(0, MAX_ERRORS).map((one: unknown) => describeError(one, depth + 1)),
      }),
  };
}

/** Without the first lines, which repeat the message. */
function framesOf(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.slice('    at '.length));
}
