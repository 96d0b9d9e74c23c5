/** The argument of every mutation that makes or sends something. */
export const idempotencyKey = {
  description:
    'Makes it safe to repeat: the same key and input get the first outcome again, for 24 hours unless the operator says otherwise. Something random, such as a UUID, made before the first try; 1 to 255 printable ASCII characters. Known to you alone: the same key of another caller, or of another mutation, is another key. With another input it is an `IdempotencyConflictError`; while the first call runs, a repeat waits for it.',
} as const;
