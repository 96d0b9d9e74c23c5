import type { GraphQLError } from 'graphql';
import type { Caller } from '../../auth/caller.ts';
import { AuthenticationError } from '../../auth/auth-errors.ts';
import { callerOf, refusalOf } from '../../http/use-authentication.ts';
import type { AuthenticationPluginOptions } from '../../http/use-authentication.ts';

export interface CredentialWatchOptions extends AuthenticationPluginOptions {
  /** How often a credential is checked again, in milliseconds. */
  readonly recheckMs: number;
}

/**
 * Watches the credential of a request that goes on: `end` is called once, when a token has expired, or when a token or
 * key is no longer taken, or no longer as that of the same caller. That it cannot be checked for a while ends nothing.
 */
export function watchCredential({ authentication, isServed, events, recheckMs }: CredentialWatchOptions) {
  return (request: Request, end: (refusal: GraphQLError) => void): (() => void) => {
    const before = callerOf(request);
    if (before.kind === 'none') return () => {};
    const expiresAt = before.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    const isSame = (now: Caller): boolean =>
      JSON.stringify({ ...now, expiresAt: undefined }) ===
      JSON.stringify({ ...before, expiresAt: undefined });
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;

    const invalid = (reason: string): GraphQLError => {
      events.onRefusal(new AuthenticationError('invalid', reason));
      return refusalOf('invalid');
    };
    const refusal = async (): Promise<GraphQLError | undefined> => {
      if (Date.now() >= expiresAt) return invalid('the token of a stream has expired');
      try {
        const now = await authentication.authenticate(request.headers);
        return isServed(now) && isSame(now) ? undefined : invalid('the key of a stream has changed hands');
      } catch (error) {
        if (!(error instanceof AuthenticationError)) return refusalOf('unavailable');
        if (error.failure === 'unavailable') return undefined;
        events.onRefusal(error);
        return refusalOf(error.failure);
      }
    };
    const check = async (): Promise<void> => {
      const found = await refusal();
      if (isOver) return;
      if (found === undefined) schedule();
      else end(found);
    };
    const schedule = (): void => {
      timer = setTimeout(() => void check(), Math.min(recheckMs, Math.max(0, expiresAt - Date.now())));
    };
    schedule();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  };
}
