import type { ClientDecorator } from '../client.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import { isStaged } from '../sandbox-headers.ts';
import type { RateBudget } from './rate-limiter.ts';

/**
 * Sends each call when the budget of its key lets it, and tells the budget what the answer says of the rate. Waiting here
 * is no fault of the service's: the deadline of the call stands still meanwhile, and that of the operation does not.
 */
export function withBudget(budget: RateBudget): ClientDecorator {
  return (client) => ({
    ...client,
    async call(call, options = {}) {
      const { priority = 'interactive', caller = '', signal, deadline } = options;
      const entering = budget.enter({ operation: call.operation, priority, caller, signal });
      using permit = await (deadline === undefined ? entering : deadline.stoppedFor(entering));
      const { place } = permit;
      const onAnswer = (remaining: number | undefined): void =>
        place.answered(isStaged(call) ? undefined : remaining);
      try {
        return await client.call(call, { ...options, onAnswer });
      } catch (failure) {
        if (failure instanceof UpstreamError) {
          if (failure.kind === 'rate-limited' && !isStaged(call)) place.refused(failure.retryAfterSeconds);
          if (failure.kind === 'unreachable' || failure.kind === 'circuit-open') place.unused();
        }
        throw failure;
      }
    },
    close() {
      budget.close();
      return client.close();
    },
  });
}
