import type { Caller } from '../../auth/caller.ts';
import type { GatewayContext } from '../context.ts';
import { KeyLostError } from '../../idempotency/attempt.ts';
import type { Attempt } from '../../idempotency/attempt.ts';
import type { Input } from '../../idempotency/idempotency-store.ts';
import type { Begun } from '../../idempotency/idempotency.ts';
import { IdempotencyUnavailableError } from '../../idempotency/idempotency-store.ts';
import { kindOfAbort } from '../../upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import { IdempotencyConflictError, OutcomeUnknownError } from '../errors/domain-errors.ts';
import { UpstreamFault } from '../errors/faults.ts';
import { translateUpstreamError } from '../errors/translate-upstream-error.ts';

type KeyContext = Pick<GatewayContext, 'caller' | 'idempotency' | 'signal'>;

/** An operation that runs once per idempotency key. */
export interface IdempotentOperation<T> {
  readonly operation: string;
  readonly idempotencyKey: string;
  /** The input that identifies the operation. The same key with a different input is a conflict. */
  readonly input: Input;
  /**
   * Runs the operation, or continues from the unresolved call of an earlier attempt. Upstream writes must use
   * `attempt.sending`.
   * @returns the outcome, and the part of it that is stored with the key: ids, no secrets.
   */
  readonly run: (attempt: Attempt) => Promise<{ readonly value: T; readonly result: Input }>;
  /** Returns the outcome again, from the stored part. */
  readonly replay: (result: unknown) => Promise<T>;
}

/**
 * Returns the outcome of an operation that runs once: in this call, or in the first one with the same key.
 * @throws {IdempotencyConflictError} @throws {OutcomeUnknownError} @throws {UpstreamFault} if keys cannot be stored.
 */
export async function runOnce<T>(context: KeyContext, work: IdempotentOperation<T>): Promise<T> {
  for (;;) {
    const begun = await begin(context, work);
    switch (begun.kind) {
      case 'conflict':
        throw new IdempotencyConflictError();
      case 'busy':
        throw new OutcomeUnknownError('UNDER_WAY');
      case 'done':
        return work.replay(begun.result);
      case 'begun': {
        const outcome = await run(begun.attempt, work);
        // The lease expired and another gateway holds the key: wait for its outcome.
        if (outcome !== undefined) return outcome.value;
      }
    }
  }
}

async function begin(context: KeyContext, work: IdempotentOperation<unknown>): Promise<Begun> {
  const { caller, idempotency, signal } = context;
  const { operation, idempotencyKey: key, input } = work;
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

async function run<T>(
  attempt: Attempt,
  work: IdempotentOperation<T>,
): Promise<{ readonly value: T } | undefined> {
  let done: { readonly value: T; readonly result: Input };
  try {
    done = await work.run(attempt);
  } catch (failure) {
    await attempt.release();
    if (failure instanceof KeyLostError) return undefined;
    throw asFault(failure);
  }
  try {
    return (await attempt.complete(done.result)) ? done : undefined;
  } catch (failure) {
    // The operation has been performed; a retry resolves the outcome.
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
