import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { AuthenticationError } from '../auth/caller.ts';
import type { AuthenticationFailure, Caller } from '../auth/caller.ts';
import type { Authentication } from '../auth/authenticate.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import { KeySetError } from '../auth/key-set.ts';
import type { UnusableKey } from '../auth/key-set.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import { RefusalError } from './answer.ts';
import type { Answer, Refusal } from './answer.ts';

/** The value of `CORS_ORIGINS` that permits pages of every origin. */
export const ANY_ORIGIN = '*';

/** Response headers that pages may read, besides those that every page may read. */
const EXPOSED_HEADERS = [
  'accept-ranges',
  'content-disposition',
  'content-range',
  'etag',
  'retry-after',
  'www-authenticate',
  'x-request-id',
];

/** Chromium keeps a preflight for at most two hours. */
const PREFLIGHT_SECONDS = 3_600;

/**
 * Sets the CORS headers for pages of these origins. It allows no credentials: callers authenticate by a header, and no
 * page may send cookies.
 */
export function setCorsHeaders(req: IncomingMessage, res: ServerResponse, origins: readonly string[]): void {
  const { origin, 'access-control-request-headers': requested } = req.headers;
  if (origin === undefined || !isListed(origin, origins)) return;
  res.setHeader('access-control-allow-origin', origin);
  res.setHeader('access-control-allow-methods', 'GET, POST');
  res.setHeader('access-control-expose-headers', EXPOSED_HEADERS.join(', '));
  res.setHeader('access-control-max-age', PREFLIGHT_SECONDS);
  res.setHeader('vary', requested === undefined ? 'Origin' : 'Origin, Access-Control-Request-Headers');
  if (requested !== undefined) res.setHeader('access-control-allow-headers', requested);
}

/** Answers the preflight requests of browsers. @returns undefined for other requests, and without listed origins. */
export function preflightAnswer({ method }: IncomingMessage, origins: readonly string[]): Answer | undefined {
  return method === 'OPTIONS' && origins.length > 0 ? { status: 204 } : undefined;
}

/**
 * Refuses requests of web pages of another origin, unless the origin is listed. Browsers send forms and multipart bodies
 * without a preflight, so without CORS headers the page cannot read the answer, but the mutation runs. Browsers say where
 * a request comes from (`Sec-Fetch-Site`, `Origin`); other clients do not.
 *
 * @throws {RefusalError}
 */
export function checkOrigin(headers: RequestHeaders, origins: readonly string[]): void {
  if (!isForeign(headers, origins)) return;
  throw new RefusalError({
    status: 403,
    code: 'FORBIDDEN_ORIGIN',
    message:
      'Web pages of another origin may not use this gateway. Serve them from its origin, or add theirs to CORS_ORIGINS.',
  });
}

function isForeign(headers: RequestHeaders, origins: readonly string[]): boolean {
  const origin = headers.get('origin');
  if (origin !== null && isListed(origin, origins)) return false;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site !== 'same-origin' && site !== 'none';
  return origin !== null && URL.parse(origin)?.host !== headers.get('host');
}

/** `null` is the origin of every page that hides its own, so it is never listed. */
function isListed(origin: string, origins: readonly string[]): boolean {
  return origins.includes(origin) || (origins.includes(ANY_ORIGIN) && origin !== 'null');
}

/** Logs the events of authentication. Causes are named by their class, because messages may quote what was read. */
export function authenticationEvents(logger: Logger) {
  const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : typeof cause);
  return {
    /** A valid credential without rights is a warning, because the operator who issued it can fix that. */
    onRefusal: ({ failure, reason, cause }: AuthenticationError): void => {
      if (failure === 'unavailable') {
        // An unreadable key set is logged once for each attempt to read it, below.
        const level = cause instanceof KeySetError ? 'debug' : 'error';
        logger[level]({ cause: nameOf(cause) }, 'a token could not be checked');
      } else logger[failure === 'no-rights' ? 'warn' : 'info']({ failure, reason }, 'a caller was refused');
    },
    onKeySetFailure: ({ message: reason }: Error): void =>
      logger.warn({ reason }, 'the keys of the token issuer could not be read'),
    onUnusableKey: ({ key, reason }: UnusableKey): void =>
      logger.info({ key, reason }, 'a key of the token issuer is ignored'),
    onApiKeysReload: (failure?: Error): void =>
      failure === undefined
        ? logger.info('the file of API keys was read again')
        : logger.error(
            { reason: failure.message },
            'the file of API keys cannot be used: the keys stay as they were',
          ),
  };
}

export interface AdmissionOptions {
  readonly authentication: Pick<Authentication, 'authenticate'>;
  /** Whether the gateway has an API key of the service for this caller. */
  readonly isServed: (caller: Caller) => boolean;
  readonly events: Pick<ReturnType<typeof authenticationEvents>, 'onRefusal'>;
}

/** Authenticates a request. @throws {RefusalError} */
export async function admit(
  headers: RequestHeaders,
  { authentication, isServed, events }: AdmissionOptions,
): Promise<Caller> {
  try {
    const caller = await authentication.authenticate(headers);
    if (!isServed(caller)) throw new AuthenticationError('no-rights', 'no issuer key of the tenant');
    const record = currentRequest()?.record;
    if (record !== undefined) record.caller = factsOf(caller);
    return caller;
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error;
    events.onRefusal(error);
    throw new RefusalError(refusalOf(error.failure));
  }
}

/** The facts about a caller that the log keeps. */
function factsOf(caller: Caller): object {
  if (caller.kind === 'none') return { kind: 'none' };
  const { kind, role, tenant, subject } = caller;
  return { kind, role, tenant, subject };
}

/** `WWW-Authenticate` follows RFC 6750, section 3. The message does not say why a token is invalid. */
const REFUSALS: Readonly<Record<AuthenticationFailure, Refusal>> = {
  missing: {
    code: 'UNAUTHENTICATED',
    status: 401,
    message: 'Authentication required: send a bearer token or an API key.',
    headers: { 'www-authenticate': 'Bearer realm="sigillo"' },
  },
  invalid: {
    code: 'UNAUTHENTICATED',
    status: 401,
    message: 'The token or API key is invalid or has expired.',
    headers: { 'www-authenticate': 'Bearer realm="sigillo", error="invalid_token"' },
  },
  'no-rights': {
    code: 'FORBIDDEN',
    status: 403,
    message:
      'The token or API key is valid but grants no access. Check the role and tenant claims that the gateway requires.',
    headers: { 'www-authenticate': 'Bearer realm="sigillo", error="insufficient_scope"' },
  },
  unavailable: {
    code: 'AUTHENTICATION_UNAVAILABLE',
    status: 503,
    message: 'Tokens cannot be verified at the moment. Try again later.',
    headers: { 'retry-after': '5' },
  },
};

export const refusalOf = (failure: AuthenticationFailure): Refusal => REFUSALS[failure];
