import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayEvents } from '../../observability/events.ts';
import type { CallFacts, Stage } from '../call.ts';
import { factsOf, mayHaveArrived, UpstreamError } from '../failure.ts';
import { Deadline, kindOfAbort } from './deadline.ts';

export interface RetryPolicy {
  /** Attempts, including the first. */
  readonly attempts: number;
  /**
   * Upper bound of the first pause in milliseconds. It doubles from pause to pause, and each pause is a random part of its
   * bound ("full jitter"), so that callers that failed together do not retry together. A failure that asks for a longer
   * wait (`x-rate-limit-retry-after`, `Retry-After`) gets it.
   */
  readonly firstPauseMs: number;
}

/** Three attempts fit into the 20 seconds of a call (`UPSTREAM_TIMEOUT_SECONDS`). */
export const SERVICE_RETRIES: RetryPolicy = { attempts: 3, firstPauseMs: 100 };
/** More attempts, because a failed upload costs its client the whole file. */
export const STORAGE_RETRIES: RetryPolicy = { attempts: 4, firstPauseMs: 400 };

export interface RetryOptions {
  readonly policy: RetryPolicy;
  /** For all attempts and pauses together. */
  readonly deadline: Deadline;
  readonly events: GatewayEvents;
}

/** Gives every call its deadline and retries it. @param options.timeoutMs for one call with all its retries */
export function withRetries(options: {
  readonly timeoutMs: number;
  readonly policy: RetryPolicy;
  readonly events: GatewayEvents;
}): Stage {
  const { timeoutMs, policy, events } = options;
  return (next) => (call, given) => {
    const deadline = new Deadline(timeoutMs, given.controller ?? given.signal);
    const attempt = { ...given, signal: deadline.signal, deadline };
    return retry(call, { policy, deadline, events }, () => next(call, attempt));
  };
}

type RetriedCall = Pick<CallFacts, 'operation' | 'effect' | 'alreadyPerformedCode'>;

/**
 * Makes a call until it succeeds or its failure is final: by the table of failure kinds, after the last attempt, or because
 * the pause would not end within the deadline. Emits `upstreamRetry` and `upstreamCall`, and disposes of the deadline.
 * @throws {UpstreamError} the failure of the last attempt.
 */
export async function retry<T>(
  call: RetriedCall,
  options: RetryOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const { operation } = call;
  const { events } = options;
  using deadline = options.deadline;
  const ended = (outcome: string, attempts: number): boolean =>
    events.emit('upstreamCall', { operation, outcome, attempts, durationMs: deadline.usedMs });
  let unresolved: UpstreamError | undefined;
  for (let attempts = 1; ; attempts += 1) {
    try {
      const result = await attempt();
      ended('ok', attempts);
      return result;
    } catch (failure) {
      if (!(failure instanceof UpstreamError)) throw failure;
      if (mayHaveArrived(failure)) unresolved ??= failure;
      const end = await endOf(call, failure, attempts, options);
      if (end === undefined) {
        events.emit('upstreamRetry', { operation, kind: failure.kind });
        continue;
      }
      ended(end.kind, attempts);
      const isOfRetry = end.detail !== undefined && end.detail === call.alreadyPerformedCode;
      throw isOfRetry ? (unresolved ?? end) : end;
    }
  }
}

/** Pauses before the next attempt. @returns the failure that ends the call, if there is no next attempt. */
async function endOf(
  { operation, effect }: RetriedCall,
  failure: UpstreamError,
  attempts: number,
  { policy, deadline }: RetryOptions,
): Promise<UpstreamError | undefined> {
  const isFinal = attempts >= policy.attempts || !factsOf(failure.kind).retries.includes(effect);
  const pauseMs = pauseAfter(failure, attempts, policy);
  if (isFinal || deadline.signal.aborted || performance.now() + pauseMs >= deadline.endsAt) return failure;
  try {
    await pause(pauseMs, undefined, { signal: deadline.signal });
    return undefined;
  } catch (cause) {
    if (kindOfAbort(deadline.signal.reason) === 'timeout') return failure;
    // A poller must not take the abort for a passing failure.
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

/** One day. Longer waits are shortened, because they would overflow timers and the `Int` of GraphQL. */
const LONGEST_SECONDS = 86_400;

/** The three forms of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime, which names no time zone and means UTC. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? [\w -]{6,20} \d{2}:\d{2}:\d{2} (?:GMT|\d{4})$/;

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3), or one of the same form. The longest of several waits counts.
 * @returns whole seconds from 1 to a day; undefined when the header is invalid or asks for no wait (0, a date in the past).
 */
export function readRetryAfter(
  header: string | readonly string[] | undefined,
  now = Date.now(),
): number | undefined {
  const longest = Math.max(0, ...[header ?? []].flat().map((value) => secondsOf(value.trim(), now)));
  return longest === 0 ? undefined : Math.min(Math.ceil(longest), LONGEST_SECONDS);
}

function secondsOf(value: string, now: number): number {
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value);
  if (!HTTP_DATE.test(value)) return 0;
  const at = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(at) ? 0 : (at - now) / 1_000;
}
