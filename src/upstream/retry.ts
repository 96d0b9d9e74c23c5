import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayEvents } from '../events.ts';
import { kindOfAbort } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { UpstreamError } from './errors.ts';
import type { UpstreamErrorKind } from './errors.ts';

/**
 * What a call does when it is made once more.
 *
 * - `read`: nothing. Every GET, and `getSignerByFiscalCode`, a POST that gives the same signer for the same code. The GET
 *   of an upload address makes a new one; the one that got lost expires unused.
 * - `write`: perhaps a second thing, since the service has no idempotency: a second dossier, a second message to a
 *   citizen. PUTs are writes too. What became of one whose answer is lost, `src/resolvers/read-back.ts` finds out.
 * - `stream`: it cannot be made, as the bytes of its body are gone.
 * - `block`: a call of the storage. It writes the same bytes to the same place:
 *   - Put Block: ids are unique to one run of `storeFile`, and a block replaces the one with its id.
 *   - Put Blob: the service validates the blob again, with the same outcome; once the request has left DRAFT it drops it.
 *   - Put Block List: as Put Blob while the blob is there. The service deletes it once it is validated; a repeat is then
 *     refused with InvalidBlockList, and the *first* failure is reported: outcome unknown, not failed.
 */
export type CallSort = 'read' | 'write' | 'stream' | 'block';

/** What is repeated, by what failed. Everything else about repeats follows below. */
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
   * bound ("full jitter"), lest callers who failed together come back together. A failure that says how long to wait
   * (`x-rate-limit-retry-after`, `Retry-After`) is believed instead.
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
  { retryAfterSeconds }: UpstreamError,
  attempts: number,
  { firstPauseMs }: RetryPolicy,
): number {
  if (retryAfterSeconds !== undefined) return retryAfterSeconds * 1000;
  return Math.random() * firstPauseMs * 2 ** (attempts - 1);
}
