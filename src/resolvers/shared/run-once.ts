import type { Caller } from '../../auth/caller.ts';
import type { GatewayContext } from '../context.ts';
import { KeyLostError } from '../../idempotency/attempt.ts';
import type { Attempt } from '../../idempotency/attempt.ts';
import type { Input } from '../../idempotency/fingerprint.ts';
import type { Begun } from '../../idempotency/idempotency.ts';
import { IdempotencyUnavailableError } from '../../idempotency/store.ts';
import { kindOfAbort } from '../../upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../upstream/failure/upstream-error.ts';
import { IdempotencyConflictError, OutcomeUnknownError } from '../errors/domain-errors.ts';
import { UpstreamFault } from '../errors/faults.ts';
import { translateUpstreamError } from '../errors/translate-upstream-error.ts';

type KeyContext = Pick<GatewayContext, 'caller' | 'idempotency' | 'signal'>;

/** Something to be done once, whoever asks for it how often. */
export interface Deed<T> {
  readonly operation: string;
  readonly idempotencyKey: string;
  /** What makes it this and nothing else: as it would be sent to the service. */
  readonly input: Input;
  /**
   * Does it, or goes on with what an earlier attempt has left. A call that makes or sends something goes through
   * `attempt.sending`.
   * @returns the outcome, and what is kept of it: ids, nothing secret.
   */
  readonly run: (attempt: Attempt) => Promise<{ readonly value: T; readonly result: Input }>;
  /** The outcome again, from what was kept. */
  readonly replay: (result: unknown) => Promise<T>;
}

/**
 * The outcome of something that is done once: by this call, or by the one that came first.
 * @throws {IdempotencyConflictError} @throws {OutcomeUnknownError} @throws {UpstreamFault} when keys cannot be kept.
 */
export async function once<T>(context: KeyContext, deed: Deed<T>): Promise<T> {
  for (;;) {
    const begun = await begin(context, deed);
    switch (begun.kind) {
      case 'conflict':
        throw new IdempotencyConflictError();
      case 'busy':
        throw new OutcomeUnknownError('UNDER_WAY');
      case 'done':
        return deed.replay(begun.result);
      case 'begun': {
        const outcome = await carryOut(begun.attempt, deed);
        // Else somebody took this gateway for dead and has the key now: theirs is the result.
        if (outcome !== undefined) return outcome.value;
      }
    }
  }
}

async function begin(context: KeyContext, deed: Deed<unknown>): Promise<Begun> {
  const { caller, idempotency, signal } = context;
  const { operation, idempotencyKey: key, input } = deed;
  const { tenant, subject } = identityOf(caller);
  try {
    return await idempotency.begin({ operation, key, tenant, caller: subject }, input, { signal });
  } catch (failure) {
    if (!signal.aborted) throw asFault(failure);
    const kind = kindOfAbort(signal.reason);
    if (kind === 'timeout') throw new OutcomeUnknownError('UNDER_WAY');
    throw translateUpstreamError(new UpstreamError({ operation, kind, cause: failure }));
  }
}

async function carryOut<T>(attempt: Attempt, deed: Deed<T>): Promise<{ readonly value: T } | undefined> {
  let done: { readonly value: T; readonly result: Input };
  try {
    done = await deed.run(attempt);
  } catch (failure) {
    await attempt.release();
    if (failure instanceof KeyLostError) return undefined;
    throw asFault(failure);
  }
  try {
    return (await attempt.complete(done.result)) ? done : undefined;
  } catch (failure) {
    // It is done, and whoever comes again will find that it is.
    if (failure instanceof IdempotencyUnavailableError) return done;
    throw failure;
  }
}

function asFault(failure: unknown): unknown {
  if (!(failure instanceof IdempotencyUnavailableError)) return failure;
  return new UpstreamFault('IDEMPOTENCY_UNAVAILABLE', { cause: failure });
}

function identityOf(caller: Caller) {
  if (caller.kind === 'none') return { tenant: undefined, subject: undefined };
  return { tenant: caller.tenant, subject: [caller.kind, caller.subject] };
}
