/** The input field of every mutation that waits. */
export const waitSeconds = {
  required: true,
  defaultValue: 15,
  description:
    'The maximum time to wait for the outcome, from 0 to 55 seconds. After that time the mutation continues with the current state.',
} as const;
