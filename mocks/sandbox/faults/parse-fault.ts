import { z } from 'zod';
import { OPERATION_IDS } from '../operations/operation-ids.ts';
import { STORAGE_OPERATION_IDS } from '../storage/storage-operation-ids.ts';
import type { Fault } from './fault.ts';

/** An invalid fault. The message states the reason. */
export class InvalidFaultError extends Error {
  override readonly name = 'InvalidFaultError';
}

const OPERATIONS: readonly string[] = [...OPERATION_IDS, ...STORAGE_OPERATION_IDS];

/** Maximum delay, so that a typing error does not block a test suite. */
const MAX_DELAY_MS = 600_000;

const delay = z.number().min(0).max(MAX_DELAY_MS);
/** Any valid header value, also one that is invalid as Retry-After. */
const retryAfter = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/, 'must be 1 to 100 visible ASCII characters')
  .optional();
const occasions = {
  nth: z.int().min(1).optional(),
  count: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
};
const operation = z
  .string()
  .refine(isOperation, {
    error: ({ input }) =>
      `unknown operation ${JSON.stringify(input)}: use one of ${OPERATIONS.join(', ')}, or * for all`,
  })
  .optional();

const fault: z.ZodType<Fault> = z.discriminatedUnion('kind', [
  callFault('status', {
    status: z.int().min(400).max(599),
    envelope: z.enum(['problem', 'gateway']).optional(),
    detail: z.string().optional(),
    code: z.string().optional(),
    retryAfter,
  }),
  callFault('rate-limit', { retryAfterSeconds: z.int().min(0).optional(), retryAfter }),
  callFault('latency', { ms: delay, jitterMs: delay.optional() }),
  z.discriminatedUnion('when', [
    callFault('reset', { when: z.literal('before') }),
    callFault('reset', { when: z.enum(['after', 'middle']) }),
  ]),
  callFault('slow-body', { ms: delay }),
  callFault('malformed-body', {}),
  callFault('truncated-body', {}),
  callFault('wrong-content-type', { status: z.int().min(200).max(599).optional() }),
  behaviour('validation-never-finishes'),
  behaviour('copy-fails'),
  behaviour('never-waits-for-signature'),
  behaviour('back-office-outage'),
  behaviour('tokenizer-limit'),
  behaviour('queue-outage'),
  behaviour('notification-not-recorded'),
  behaviour('empty-last-page'),
  behaviour('cancel-loses-race'),
]);

/**
 * Validates a fault, such as a JSON body. Unknown properties are errors.
 * @throws InvalidFaultError
 */
export function parseFault(value: unknown): Fault {
  const result = fault.safeParse(value);
  if (!result.success) throw new InvalidFaultError(`Invalid fault: ${z.prettifyError(result.error)}`);
  return result.data;
}

export function isOperation(name: string): boolean {
  return name === '*' || OPERATIONS.includes(name);
}

function callFault<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) {
  return z.strictObject({ kind: z.literal(kind), operation, ...occasions, ...shape });
}

function behaviour<Kind extends string>(kind: Kind) {
  return z.strictObject({ kind: z.literal(kind), ...occasions });
}
