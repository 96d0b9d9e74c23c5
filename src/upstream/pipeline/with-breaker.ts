import type { CircuitBreaker } from './circuit-breaker.ts';
import type { ClientDecorator } from '../client.ts';
import { isStaged } from '../sandbox-headers.ts';

/** Makes no attempt while the circuit is open, and learns from those that are made. */
export function withBreaker(breaker: CircuitBreaker): ClientDecorator {
  return (client) => ({
    ...client,
    call(call, options = {}) {
      if (isStaged(call)) return client.call(call, options);
      const attempt = { operation: call.operation, deadline: options.deadline };
      return breaker.run(attempt, () => client.call(call, options));
    },
  });
}

/** Lets no call wait for anything while the circuit is open. */
export function withOpenCheck(breaker: CircuitBreaker): ClientDecorator {
  return (client) => ({
    ...client,
    async call(call, options) {
      if (!isStaged(call)) breaker.check(call.operation);
      return client.call(call, options);
    },
  });
}
