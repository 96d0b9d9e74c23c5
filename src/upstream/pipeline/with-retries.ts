import type { GatewayEvents } from '../../observability/events.ts';
import { sortOf } from '../effect.ts';
import type { ClientDecorator } from '../client.ts';
import { Deadline } from './deadline.ts';
import { repeated, SERVICE_RETRIES } from './retry.ts';

/**
 * Gives every call its deadline, and makes it again by the table in `retry.ts`.
 * @param options.timeoutMs for one call with all its repeats
 */
export function withRepeats({
  timeoutMs,
  events,
}: {
  readonly timeoutMs: number;
  readonly events: GatewayEvents;
}): ClientDecorator {
  return (client) => ({
    ...client,
    async call(call, options = {}) {
      using deadline = new Deadline(timeoutMs, options.signal);
      const { operation } = call;
      const attempt = { ...options, signal: deadline.signal, deadline };
      return await repeated(
        { operation, sort: sortOf(call), policy: SERVICE_RETRIES, deadline, events },
        () => client.call(call, attempt),
      );
    },
  });
}
