/** A response of the service before serialization. Without `body`, the response has no body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Thrown by a handler to respond with a problem. Any other exception is a bug in the sandbox. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`HTTP ${answer.status}`);
    this.answer = answer;
  }
}

/** A successful response of the backend. */
export function success(status: 200 | 201, body: unknown): Answer {
  return { status, headers: { ...SECURITY_HEADERS, 'content-type': 'application/json' }, body };
}

/** 204, without a body. */
export function noContent(): Answer {
  return { status: 204, headers: SECURITY_HEADERS };
}

/** The 422 of the backend. `detail` is constant; the reasons are in `violations`. */
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

/** The 429 of the backend, whose title is singular. It has no retry time. */
export function tooManyRequests(detail: string): Refusal {
  return problem({ title: 'Too many request', status: 429, detail });
}

/** A failure that the backend caught: the response has the class of the error, but not its message. */
export function internalError(errorClass: string): Refusal {
  return problem({ title: 'Internal Server Error', detail: errorClass, status: 500 });
}

/** A failure that the backend did not catch. */
export function uncaughtFailure(): Refusal {
  return problem({ title: 'Internal Server Error', status: 500, detail: 'Something went wrong.' });
}

/** Responses of the API gateway in front of the backend, with a different structure and content type. */
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

/** The response of the backend if it cannot find the issuer of a key, for any reason. */
export function unauthorized(): Refusal {
  const detail = 'You must provide a valid API key to access this resource.';
  return problem({ title: 'Unauthorized', status: 401, detail });
}

/** An error of the backend. */
export function problem(body: { readonly status: number; readonly [member: string]: unknown }): Refusal {
  return new Refusal({
    status: body.status,
    headers: { ...SECURITY_HEADERS, 'content-type': 'application/problem+json' },
    body,
  });
}

/** Headers of all responses of the backend, including 204 and errors. */
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
