import { setTimeout as pause } from 'node:timers/promises';
import type { UpstreamError } from './errors.ts';

/*
 * What is repeated, and why. Everything happens inside the call's one deadline.
 *
 * | failure                       | GET | POST, PUT | because                                                    |
 * | ----------------------------- | --- | --------- | ---------------------------------------------------------- |
 * | unreachable                   | yes | yes       | no connection was made: the call did not arrive            |
 * | rate-limited (429)            | yes | yes       | refused before it was carried out; waits as long as told   |
 * | connection-lost, 5xx          | yes | no        | it may have arrived, and the service has no idempotency    |
 * | timeout, aborted              | no  | no        | the deadline has passed or nobody waits for the answer     |
 * | other 4xx, contract           | no  | no        | the answer would be the same                               |
 *
 * A streamed body is never sent twice: its bytes are gone.
 */
const MAX_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 100;

interface Repeatable {
  readonly method: string;
  readonly body?: unknown;
}

/**
 * Decides whether a failed call is made again, and waits before it is: as long as the service asked, else a
 * random time up to 100 ms, 200 ms, … ("full jitter").
 * @returns false when the failure is final or the pause would not end within the deadline.
 */
export async function pauseBeforeRepeat(
  call: Repeatable,
  failure: UpstreamError,
  attempts: number,
  deadline: { readonly signal: AbortSignal; readonly endsAt: number },
): Promise<boolean> {
  if (attempts >= MAX_ATTEMPTS || deadline.signal.aborted || isStreamed(call.body)) return false;
  if (!isRepeatable(call.method, failure)) return false;
  const pauseMs =
    failure.retryAfterSeconds === undefined
      ? Math.random() * FIRST_PAUSE_MS * 2 ** (attempts - 1)
      : failure.retryAfterSeconds * 1000;
  if (performance.now() + pauseMs >= deadline.endsAt) return false;
  try {
    await pause(pauseMs, undefined, { signal: deadline.signal });
    return true;
  } catch {
    return false; // the caller left or the deadline passed meanwhile
  }
}

function isRepeatable(method: string, { kind }: UpstreamError): boolean {
  if (kind === 'unreachable' || kind === 'rate-limited') return true;
  return method === 'GET' && (kind === 'connection-lost' || kind === 'server-error');
}

function isStreamed(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'chunks' in body;
}
