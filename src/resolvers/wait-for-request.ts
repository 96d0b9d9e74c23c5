import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayContext } from '../context.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { UpstreamError } from '../upstream/errors.ts';
import { getSignatureRequest } from '../upstream/operations/get-signature-request.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3_000;
const GROWTH = 1.6;

/**
 * Reads a request again and again, at growing intervals, until `isDone` or until the time is up. Stops when the
 * client leaves. A read that fails does not undo what was done before the wait: the next one tries again.
 * @returns the request as it was last seen, which need not satisfy `isDone`.
 */
export async function waitForRequest(
  { upstream, signal }: Pick<GatewayContext, 'upstream' | 'signal'>,
  seen: SignatureRequest,
  {
    waitSeconds,
    isDone,
  }: { readonly waitSeconds: number; readonly isDone: (request: SignatureRequest) => boolean },
): Promise<SignatureRequest> {
  const endsAt = performance.now() + waitSeconds * 1000;
  let latest = seen;
  for (
    let pauseMs = FIRST_PAUSE_MS;
    !isDone(latest);
    pauseMs = Math.min(pauseMs * GROWTH, LONGEST_PAUSE_MS)
  ) {
    const left = endsAt - performance.now();
    if (left <= 0) return latest;
    await pauseUnlessGone(Math.min(pauseMs, left), signal);
    try {
      latest = await getSignatureRequest(upstream, seen.id, { signal });
    } catch (failure) {
      if (!isPassing(failure)) throw failure;
    }
  }
  return latest;
}

/** @throws {UpstreamError} of kind `aborted`, as a call would that the caller leaves. */
async function pauseUnlessGone(pauseMs: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(pauseMs, undefined, { signal });
  } catch (cause) {
    throw new UpstreamError({ operation: 'getSignatureRequest', kind: 'aborted', cause });
  }
}

function isPassing(failure: unknown): boolean {
  const passing = ['timeout', 'connection-lost', 'unreachable', 'server-error', 'rate-limited'];
  return failure instanceof UpstreamError && passing.includes(failure.kind);
}
