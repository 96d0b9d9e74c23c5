import { AuthenticationError } from '../../auth/auth-errors.ts';
import type { Caller } from '../../auth/caller.ts';
import { refusalOf } from '../../http/authentication.ts';
import type { AdmissionOptions } from '../../http/authentication.ts';
import type { Refusal } from '../../http/answer.ts';
import type { Admitted } from '../operation.ts';
import type { StreamOptions } from './use-event-streams.ts';

export type CredentialWatchOptions = AdmissionOptions & Pick<StreamOptions, 'recheckMs'>;

/**
 * Watches the credential of an open stream. It calls `end` once: when the token expires, or when the token or key is no
 * longer valid for the same caller. A check that fails temporarily ends nothing.
 */
export class CredentialWatch {
  readonly #options: CredentialWatchOptions;
  readonly #admitted: Admitted;
  readonly #end: (refusal: Refusal) => void;
  readonly #expiresAt: number;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: CredentialWatchOptions, admitted: Admitted, end: (refusal: Refusal) => void) {
    const { caller } = admitted;
    this.#options = options;
    this.#admitted = admitted;
    this.#end = end;
    this.#expiresAt = caller.kind === 'none' ? Infinity : (caller.expiresAt?.getTime() ?? Infinity);
    if (caller.kind !== 'none') this.#schedule();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { recheckMs = 30_000 } = this.#options;
    const leftMs = Math.max(0, this.#expiresAt - Date.now());
    this.#timer = setTimeout(() => void this.#check(), Math.min(recheckMs, leftMs));
  }

  async #check(): Promise<void> {
    const refusal = await this.#refusal();
    if (this.#isOver) return;
    if (refusal === undefined) this.#schedule();
    else this.#end(refusal);
  }

  async #refusal(): Promise<Refusal | undefined> {
    const { authentication, isServed, events } = this.#options;
    if (Date.now() >= this.#expiresAt) return this.#invalid('the token of an open stream has expired');
    try {
      const now = await authentication.authenticate(this.#admitted.headers);
      return isServed(now) && isSame(now, this.#admitted.caller)
        ? undefined
        : this.#invalid('the credential of an open stream belongs to another caller now');
    } catch (error) {
      if (!(error instanceof AuthenticationError)) return refusalOf('unavailable');
      if (error.failure === 'unavailable') return undefined;
      events.onRefusal(error);
      return refusalOf(error.failure);
    }
  }

  #invalid(reason: string): Refusal {
    this.#options.events.onRefusal(new AuthenticationError('invalid', reason));
    return refusalOf('invalid');
  }
}

/** A renewed token of the same caller may expire later. */
function isSame(now: Caller, before: Caller): boolean {
  return (
    JSON.stringify({ ...now, expiresAt: undefined }) === JSON.stringify({ ...before, expiresAt: undefined })
  );
}
