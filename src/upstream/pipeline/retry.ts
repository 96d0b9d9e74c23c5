import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayEvents } from '../../observability/events.ts';
import type { CallSort } from '../effect.ts';
import { kindOfAbort } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import type { UpstreamErrorKind } from '../failure/upstream-error.ts';

/** What is repeated, by what failed. */
const REPEATED: Readonly<Record<UpstreamErrorKind, readonly CallSort[]>> = {
  // No connection was made: the call did not arrive.
  unreachable: ['read', 'write', 'block'],
  // Refused before it was carried out.
  'rate-limited': ['read', 'write', 'block'],
  // It may have been carried out.
  'connection-lost': ['read', 'block'],
  'server-error': ['read', 'block'],
  // The deadline of a call of the service holds for all its attempts; an attempt at a block has one of its own.
  timeout: ['block'],
  // Nobody waits for the answer.
  aborted: [],
  // Not made at all, so that what lies behind is left alone.
  'over-budget': [],
  'circuit-open': [],
  // The answer would be the same. A 401 may hide an outage of the back office, but one that outlasts any pause.
  'bad-request': [],
  unauthorized: [],
  forbidden: [],
  'not-found': [],
  unprocessable: [],
  contract: [],
};

/** How often, and after which pauses. */
export interface RetryPolicy {
  /** With the first. */
  readonly attempts: number;
  /**
   * Upper bound of the first pause in milliseconds; it doubles from pause to pause, and each is a random share of its
   * bound ("full jitter"), lest callers who failed together come back together. A failure that asks for a longer wait
   * (`x-rate-limit-retry-after`, `Retry-After`) gets it.
   */
  readonly firstPauseMs: number;
}

/** Of the service: three tries within the 20 seconds of a call (`UPSTREAM_TIMEOUT_SECONDS`). */
export const SERVICE_RETRIES: RetryPolicy = { attempts: 3, firstPauseMs: 100 };
/** Of the storage: more, as an upload that breaks off costs its client the whole file. */
export const STORAGE_RETRIES: RetryPolicy = { attempts: 4, firstPauseMs: 400 };

export interface RepeatableCall {
  /** `operationId`, or that of the storage. */
  readonly operation: string;
  readonly sort: CallSort;
  readonly policy: RetryPolicy;
  /** Of all attempts and pauses together. */
  readonly deadline: Deadline;
  readonly events: GatewayEvents;
}

/**
 * Makes a call until it succeeds, or until its failure is final: by the table, after the last attempt, or because the
 * pause would not end within the deadline. Tells `upstreamRetry` and `upstreamCall`.
 * @throws {UpstreamError} the failure of the last attempt.
 */
export async function repeated<T>(call: RepeatableCall, attempt: () => Promise<T>): Promise<T> {
  const { operation, deadline, events } = call;
  const ended = (outcome: string, attempts: number): boolean =>
    events.emit('upstreamCall', { operation, outcome, attempts, durationMs: deadline.usedMs });
  for (let attempts = 1; ; attempts += 1) {
    try {
      const result = await attempt();
      ended('ok', attempts);
      return result;
    } catch (failure) {
      if (!(failure instanceof UpstreamError)) throw failure;
      const end = await endOf(call, failure, attempts);
      if (end === undefined) {
        events.emit('upstreamRetry', { operation, kind: failure.kind });
        continue;
      }
      ended(end.kind, attempts);
      throw end;
    }
  }
}

/** Pauses before the next attempt. @returns the failure that ends the call, if there is to be none. */
async function endOf(
  { operation, sort, policy, deadline }: RepeatableCall,
  failure: UpstreamError,
  attempts: number,
): Promise<UpstreamError | undefined> {
  const isFinal = attempts >= policy.attempts || !REPEATED[failure.kind].includes(sort);
  const pauseMs = pauseAfter(failure, attempts, policy);
  if (isFinal || deadline.signal.aborted || performance.now() + pauseMs >= deadline.endsAt) return failure;
  try {
    await pause(pauseMs, undefined, { signal: deadline.signal });
    return undefined;
  } catch (cause) {
    if (kindOfAbort(deadline.signal.reason) === 'timeout') return failure;
    // Whoever polls must not take it for a passing failure that the caller left.
    return new UpstreamError({ operation, kind: 'aborted', cause });
  }
}

function pauseAfter(
  { retryAfterSeconds = 0 }: UpstreamError,
  attempts: number,
  { firstPauseMs }: RetryPolicy,
): number {
  return Math.max(Math.random() * firstPauseMs * 2 ** (attempts - 1), retryAfterSeconds * 1_000);
}
