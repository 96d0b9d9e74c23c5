import type { ClientDecorator } from '../client.ts';

/** Says of every call who it is for. */
export function withCaller(caller: string): ClientDecorator {
  return (client) => ({
    ...client,
    call: (call, options) => client.call(call, { caller, ...options }),
  });
}
