/** An answer of the service, before it is written to the wire. `body` is what `JSON.stringify` gets; absent means no body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Thrown by a handler to answer with a problem. Anything else that is thrown is a bug of the sandbox. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

/** A successful answer of the backend. */
export function success(status: 200 | 201, body: unknown): Answer {
  return { status, headers: { ...SECURITY_HEADERS, 'content-type': 'application/json' }, body };
}

/** 204, without a body. */
export function noContent(): Answer {
  return { status: 204, headers: SECURITY_HEADERS };
}

/** The backend's 422. `detail` never changes, the reasons are in `violations`. */
export function validationProblem(violations: readonly string[]): Refusal {
  return problem({
    type: '/problem/validation-error',
    title: 'Validation Error',
    detail: "Your request didn't validate",
    status: 422,
    violations,
  });
}

export function badRequest(detail: string): Refusal {
  return problem({ title: 'Bad Request', status: 400, detail });
}

export function notFound(detail: string): Refusal {
  return problem({ title: 'Not Found', status: 404, detail });
}

/** The backend's 429; the title is singular there. Says nothing of when to come back. */
export function tooManyRequests(detail: string): Refusal {
  return problem({ title: 'Too many request', status: 429, detail });
}

/** A failure the backend caught: the caller learns the class of the error, never its message. */
export function internalError(errorClass: string): Refusal {
  return problem({ title: 'Internal Server Error', detail: errorClass, status: 500 });
}

/** A failure that the backend did not catch. */
export function uncaughtFailure(): Refusal {
  return problem({ title: 'Internal Server Error', status: 500, detail: 'Something went wrong.' });
}

/** Answers of the API gateway in front of the backend: another shape and another content type. */
export function gatewayError(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: { statusCode: status, message },
  };
}

/** What the backend says to a key whose issuer it cannot find, for whatever reason. */
export function unauthorized(): Refusal {
  const detail = 'You must provide a valid API key to access this resource.';
  return problem({ title: 'Unauthorized', status: 401, detail });
}

/** An error of the backend, in its envelope. */
export function problem(body: { readonly status: number; readonly [member: string]: unknown }): Refusal {
  return new Refusal({
    status: body.status,
    headers: { ...SECURITY_HEADERS, 'content-type': 'application/problem+json' },
    body,
  });
}

/** What the backend puts on every answer, 204 and errors included. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; upgrade-insecure-requests",
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=15552000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};
