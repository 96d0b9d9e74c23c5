import type { Reply } from './support-issuer.ts';

/** An expected answer. Compare with `toEqual`, because an additional member is wrong too. */
export interface Shown {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

export function shown({ status, headers, body }: Reply): Shown {
  return { status, type: headers.get('content-type'), body };
}

export function success(status: 200 | 201, body: unknown): Shown {
  return { status, type: 'application/json', body };
}

export const NO_CONTENT: Shown = { status: 204, type: null, body: undefined };

/** The 422 of the backend. */
export function invalid(violations: unknown): Shown {
  return problem({
    type: '/problem/validation-error',
    title: 'Validation Error',
    detail: "Your request didn't validate",
    status: 422,
    violations,
  });
}

export const badRequest = (detail: string) => problem({ title: 'Bad Request', status: 400, detail });
export const notFound = (detail: string) => problem({ title: 'Not Found', status: 404, detail });
export const tooMany = (detail: string) => problem({ title: 'Too many request', status: 429, detail });
export const failure = (detail: string) => problem({ title: 'Internal Server Error', status: 500, detail });
export const UNAUTHORIZED = problem({
  title: 'Unauthorized',
  status: 401,
  detail: 'You must provide a valid API key to access this resource.',
});

/** An error of the backend. */
function problem(body: { readonly status: number; readonly [member: string]: unknown }): Shown {
  return { status: body.status, type: 'application/problem+json', body };
}

/** An error of the API gateway in front of the backend. */
export function gatewayError(statusCode: number, message: string): Shown {
  return { status: statusCode, type: 'application/json', body: { statusCode, message } };
}

export const FORBIDDEN = gatewayError(403, 'Forbidden');
export const NO_SUCH_PATH = gatewayError(404, 'Resource not found');
export const MISSING_KEY = gatewayError(
  401,
  'Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.',
);
export const INVALID_KEY = gatewayError(
  401,
  'Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.',
);
