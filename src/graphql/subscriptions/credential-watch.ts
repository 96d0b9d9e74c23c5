import type { Caller } from '../../auth/caller.ts';
import { AuthenticationError } from '../../auth/auth-errors.ts';
import { refusalOf } from '../../http/authentication.ts';
import type { AdmissionOptions } from '../../http/authentication.ts';
import type { Refusal } from '../../http/error-response.ts';
import type { Admitted } from '../stage.ts';
import type { StreamOptions } from './use-event-streams.ts';

export type CredentialWatchOptions = AdmissionOptions & Pick<StreamOptions, 'recheckMs'>;

/**
 * Watches the credential of an open stream. It calls `end` once: when the token expires, or when the token or key is no
 * longer valid for the same caller. A check that fails temporarily ends nothing.
 */
export function watchCredential({
  authentication,
  isServed,
  events,
  recheckMs = 30_000,
}: CredentialWatchOptions) {
  return ({ headers, caller: before }: Admitted, end: (refusal: Refusal) => void): (() => void) => {
    if (before.kind === 'none') return () => {};
    const expiresAt = before.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    const isSame = (now: Caller): boolean =>
      JSON.stringify({ ...now, expiresAt: undefined }) ===
      JSON.stringify({ ...before, expiresAt: undefined });
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;

    const invalid = (reason: string): Refusal => {
      events.onRefusal(new AuthenticationError('invalid', reason));
      return refusalOf('invalid');
    };
    const refusal = async (): Promise<Refusal | undefined> => {
      if (Date.now() >= expiresAt) return invalid('the token of an open stream has expired');
      try {
        const now = await authentication.authenticate(headers);
        return isServed(now) && isSame(now)
          ? undefined
          : invalid('the credential of an open stream belongs to another caller now');
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
