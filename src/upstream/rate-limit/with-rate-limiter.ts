import type { ClientDecorator } from '../client.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import { isStaged } from '../sandbox-headers.ts';
import type { RateLimiter } from './rate-limiter.ts';

/**
 * Sends each call when the rate limiter admits it, and reports to the limiter how the service counted it. A wait here is
 * not the fault of the service: it stops the deadline of the call, but not the deadline of the operation.
 */
export function withRateLimiter(limiter: RateLimiter): ClientDecorator {
  return (client) => ({
    ...client,
    async call(call, options = {}) {
      const { priority = 'interactive', caller = '', signal, deadline } = options;
      const acquiring = limiter.acquire({ operation: call.operation, priority, caller, signal });
      using permit = await (deadline === undefined ? acquiring : deadline.stoppedFor(acquiring));
      const { slot } = permit;
      const onAnswer = (remaining: number | undefined): void =>
        slot.answered(isStaged(call) ? undefined : remaining);
      try {
        return await client.call(call, { ...options, onAnswer });
      } catch (failure) {
        if (failure instanceof UpstreamError) {
          if (failure.kind === 'rate-limited' && !isStaged(call)) slot.refused(failure.retryAfterSeconds);
          if (failure.kind === 'unreachable' || failure.kind === 'circuit-open') slot.unused();
        }
        throw failure;
      }
    },
    close() {
      limiter.close();
      return client.close();
    },
  });
}
