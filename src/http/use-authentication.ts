import type { GraphQLError } from 'graphql';
import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { Authentication } from '../auth/authenticate.ts';
import type { Caller } from '../auth/caller.ts';
import { AuthenticationError } from '../auth/auth-errors.ts';
import type { AuthenticationFailure } from '../auth/auth-errors.ts';
import { KeySetError } from '../auth/read-key-set.ts';
import type { UnusableKey } from '../auth/usable-keys.ts';

/** By request, for as long as there is the request. */
const callers = new WeakMap<Request, Caller>();

/**
 * Who sent a request that came past `useAuthentication`.
 * @throws {AuthenticationError} for one that did not: nobody is let in by mistake.
 */
export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw refusalOf('missing');
  return caller;
}

/** Who sent a request, if that is known by now. */
export function knownCallerOf(request: Request): Caller | undefined {
  return callers.get(request);
}

/** What the operator is told. Causes are named by their class, as messages may quote what was read. */
export function authenticationEvents(logger: Logger) {
  const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : typeof cause);
  return {
    /** Somebody was turned away. A good credential without rights is a matter for whoever gives them out. */
    onRefusal: ({ failure, reason, cause }: AuthenticationError): void => {
      if (failure === 'unavailable') {
        // Of keys that could not be read they hear once for each reading, below.
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

export interface AuthenticationPluginOptions {
  readonly authentication: Pick<Authentication, 'authenticate'>;
  /** Whether the gateway has a key of the issuer for this caller. */
  readonly isServed: (caller: Caller) => boolean;
  readonly events: Pick<ReturnType<typeof authenticationEvents>, 'onRefusal'>;
}

/**
 * Turns away whoever does not show who they are, before anything of the body is read. It comes before the plugins that
 * name a parser of the body; the page of GraphiQL and preflight requests of browsers are answered before it.
 */
export function useAuthentication(options: AuthenticationPluginOptions): Plugin {
  return {
    async onRequestParse({ request }) {
      await admit(request, options);
    },
  };
}

/** Who sent a request. @throws {GraphQLError} the refusal for somebody who does not show it. */
export async function admit(
  request: Request,
  { authentication, isServed, events }: AuthenticationPluginOptions,
): Promise<Caller> {
  try {
    const caller = await authentication.authenticate(request.headers);
    if (!isServed(caller)) throw new AuthenticationError('no-rights', 'no issuer key of the tenant');
    callers.set(request, caller);
    return caller;
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error;
    events.onRefusal(error);
    throw refusalOf(error.failure);
  }
}

/** `WWW-Authenticate` as RFC 6750, section 3, has it. Why a token is not good is not said. */
const REFUSALS: Readonly<
  Record<
    AuthenticationFailure,
    { code: string; status: number; message: string; headers: Readonly<Record<string, string>> }
  >
> = {
  missing: {
    code: 'UNAUTHENTICATED',
    status: 401,
    message: 'Say who you are: send a token in the header Authorization, or a key.',
    headers: { 'www-authenticate': 'Bearer realm="sigillo"' },
  },
  invalid: {
    code: 'UNAUTHENTICATED',
    status: 401,
    message: 'The token or key is not valid, or no longer.',
    headers: { 'www-authenticate': 'Bearer realm="sigillo", error="invalid_token"' },
  },
  'no-rights': {
    code: 'FORBIDDEN',
    status: 403,
    message: 'The token or key is good and gives no rights here: see the claims that the gateway wants.',
    headers: { 'www-authenticate': 'Bearer realm="sigillo", error="insufficient_scope"' },
  },
  unavailable: {
    code: 'AUTHENTICATION_UNAVAILABLE',
    status: 503,
    message: 'Tokens cannot be checked at the moment. Try again later.',
    headers: { 'retry-after': '5' },
  },
};

/** What a caller is told who is turned away. */
export function refusalOf(failure: AuthenticationFailure): GraphQLError {
  const { code, status, message, headers } = REFUSALS[failure];
  return createGraphQLError(message, { extensions: { code, http: { status, headers } } });
}
