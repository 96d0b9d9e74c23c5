/** The argument of every mutation that waits. */
export const waitSeconds = {
  required: true,
  defaultValue: 15,
  description:
    'How long to wait for the outcome, 0 to 55 seconds. When the time is up you get the state as it is.',
} as const;
