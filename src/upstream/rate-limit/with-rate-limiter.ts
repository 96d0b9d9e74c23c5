import type { Stage } from '../call.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface RateLimiterStageOptions {
  /** Whether answers correct the count of the limiter. Not if a caller may have provoked them. @default true */
  readonly learns?: boolean;
}

/**
 * Sends each call when the rate limiter admits it, and reports to the limiter how the service counted it. A wait here is
 * not the fault of the service: it stops the deadline of the call, but not the deadline of the operation.
 */
export function withRateLimiter(
  limiter: RateLimiter,
  { learns = true }: RateLimiterStageOptions = {},
): Stage {
  return async ({ operation }, options, next) => {
    const { priority = 'interactive', caller = '', signal, deadline } = options;
    const acquiring = limiter.acquire({ operation, priority, caller, signal });
    using permit = await (deadline === undefined ? acquiring : deadline.stoppedFor(acquiring));
    const { slot } = permit;
    const onAnswer = (remaining: number | undefined): void => slot.answered(learns ? remaining : undefined);
    try {
      return await next({ ...options, onAnswer });
    } catch (failure) {
      if (failure instanceof UpstreamError) {
        if (failure.kind === 'rate-limited' && learns) slot.refused(failure.retryAfterSeconds);
        if (failure.kind === 'unreachable' || failure.kind === 'circuit-open') slot.unused();
      }
      throw failure;
    }
  };
}
