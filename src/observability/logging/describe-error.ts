/** The frames of a stack that the log keeps: outer frames of frameworks do not help. */
const MAX_FRAMES = 12;
/** The length of a chain of causes. */
const MAX_DEPTH = 5;
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

export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error };
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  return {
    type: error.name,
    // `JSON.parse` quotes a part of its input, in which the scrubber would not recognise a secret.
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
  for (let error = cause; error instanceof Error && causes.length < MAX_DEPTH; error = error.cause)
    causes.push(nameOf(error));
  return causes;
}

function nameOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}
