import { MAX_WAIT_SECONDS } from '../resolvers/shared/input-rules.ts';

/** The input field of every mutation that creates or sends something. */
export const idempotencyKey = {
  description:
    'A key that makes retries safe: a retry with the same key and input returns the outcome of the first call. Use a random value of 1 to 255 printable ASCII characters, such as a UUID, and generate it before the first attempt. The gateway stores a key for 24 hours, unless the operator configures another time. Keys are separate per caller and per mutation. A different input with the same key is an `IdempotencyConflictError`. A retry waits while the first call is running. If null, each call has an effect of its own.',
} as const;

/** The input field of every mutation that waits. */
export const waitSeconds = {
  required: true,
  defaultValue: 15,
  description: `The maximum time to wait for the outcome, from 0 to ${MAX_WAIT_SECONDS} seconds. After that time the mutation continues with the current state.`,
} as const;

/** The maximum number of reads in a wait: six at once, then one every 3 seconds. See `waitForRequest`. */
export function costOfWait(seconds: number): number {
  if (seconds <= 0) return 0;
  return 6 + Math.ceil(Math.min(seconds, MAX_WAIT_SECONDS) / 3);
}
