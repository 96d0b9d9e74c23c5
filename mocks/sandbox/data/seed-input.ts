import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { email } from '../decoding/types.ts';
import type { components } from '../control/openapi.d.ts';
import { ANY_ADDRESS } from '../model/issuers.ts';

/** Records to create in a sandbox. `mocks/sandbox-control.yaml` documents meaning and defaults. */
export type SeedInput = components['schemas']['SeedInput'];

/** The created records, in the order of the input. */
export type Seeded = components['schemas']['Seeded'];

/** The input is invalid, and nothing was seeded. Each violation begins with its location in the input. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
  readonly violations: readonly string[];

  constructor(violations: readonly string[]) {
    super(['Nothing was seeded:', ...violations].join('\n  '));
    this.violations = violations;
  }
}

/** The contract requires identifiers of the format that the service generates. */
const ulid = z
  .string()
  .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'must be a ULID such as 01KJYMD75M8Q4V6W9X0Y2Z7A1C');
const text = z.string().min(1, 'must not be empty');
const environment = z.enum(['test', 'prod']);
const time = z.iso
  .datetime({ offset: true, error: 'must be a date and time such as 2026-03-05T09:14:07.412Z' })
  .transform((input) => Date.parse(input));

/** The service returns it for dossiers without an own address. */
const supportEmail = text.refine(
  (address) => address.isWellFormed() && email.is(address),
  'must be an email address',
);
const issuer = z.strictObject({ id: text.optional(), name: text, supportEmail });

const cidr = z
  .string()
  .refine(isIpRange, `must be an IPv4 range with a prefix of 8 to 32, or ${ANY_ADDRESS}`);

const key = z.strictObject({
  key: text,
  issuer: z.string().optional(),
  environment: environment.default('prod'),
  status: z.enum(['active', 'revoked']).default('active'),
  testers: z.array(z.string()).default([]),
  cidrs: z.array(cidr).default([ANY_ADDRESS]),
});

const dossier = z.strictObject({
  id: ulid.optional(),
  issuer: z.string().optional(),
  // Validated by the decoders of the API.
  title: z.unknown().optional(),
  support_email: z.unknown().optional(),
  documents_metadata: z.unknown().optional(),
});

const document = z.strictObject({
  id: ulid.optional(),
  status: z.enum(['WAIT_FOR_UPLOAD', 'READY', 'REJECTED']).optional(),
  rejectReason: z.string().optional(),
});

const request = z.strictObject({
  count: z.int().min(1).max(100_000).default(1),
  id: ulid.optional(),
  issuer: z.string().optional(),
  dossier: z.string().optional(),
  environment: environment.default('prod'),
  signer: z
    .union([z.strictObject({ fiscalCode: z.string() }), z.strictObject({ id: text })], {
      error: 'must be { fiscalCode } or { id }',
    })
    .default({ fiscalCode: 'SPNDNL80R13C555X' }),
  status: z
    .enum(['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'REJECTED', 'CANCELLED'])
    .default('DRAFT'),
  rejectReason: z.string().optional(),
  notified: z.boolean().default(false),
  documents: z.array(document).default([]),
  createdAt: time.optional(),
  updatedAt: time.optional(),
  expiresAt: time.optional(),
});

const seed = z.strictObject({
  issuers: z.array(issuer).default([]),
  keys: z.array(key).default([]),
  dossiers: z.array(dossier).default([]),
  requests: z.array(request).default([]),
});

/** The parsed input, with defaults. Times are milliseconds since the epoch. */
export type SeedInputParsed = z.infer<typeof seed>;
export type PlannedDossier = z.infer<typeof dossier>;
export type PlannedRequest = z.infer<typeof request>;
export type PlannedDocument = z.infer<typeof document>;

/**
 * Parses the input, except for rules that depend on the records of the sandbox.
 * @throws SeedError
 */
export function parseSeed(input: unknown): SeedInputParsed {
  const parsed = seed.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new SeedError(parsed.error.issues.map(({ path, message }) => `${locationOf(path)}: ${message}`));
}

/** `requests[0].status` */
function locationOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').replace(/^\./, '') || 'input';
}

function isIpRange(range: string): boolean {
  if (range === ANY_ADDRESS) return true;
  const [network = '', prefix = '', ...rest] = range.split('/');
  return rest.length === 0 && isIPv4(network) && /^\d{1,2}$/.test(prefix) && +prefix >= 8 && +prefix <= 32;
}
