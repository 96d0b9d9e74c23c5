/** The input field of every mutation that creates or sends something. */
export const idempotencyKey = {
  description:
    'A key that makes retries safe: a retry with the same key and input returns the outcome of the first call. Use a random value of 1 to 255 printable ASCII characters, such as a UUID, and generate it before the first attempt. The gateway stores a key for 24 hours, unless the operator configures another time. Keys are separate per caller and per mutation. A different input with the same key is an `IdempotencyConflictError`. A retry waits while the first call is running. If null, each call has an effect of its own.',
} as const;
