import type { Logger } from 'pino';
import type { Authentication } from '../auth/authenticate.ts';
import type { Caller } from '../auth/caller.ts';
import { AuthenticationError } from '../auth/auth-errors.ts';
import type { AuthenticationFailure } from '../auth/auth-errors.ts';
import { KeySetError } from '../auth/key-set.ts';
import type { UnusableKey } from '../auth/key-set.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import { RefusalError } from './answer.ts';
import type { Refusal } from './answer.ts';
import type { RequestHeaders } from '../auth/headers.ts';

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
