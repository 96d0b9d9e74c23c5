import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '../../../../src/resolvers/errors/domain-errors.ts';
import type { SignatureFieldInput } from '../../../../src/resolvers/shared/document-input.ts';
import * as input from '../../../../src/resolvers/shared/input-rules.ts';
import { ANCHOR } from './support-anchor.ts';

const CLAUSE = { title: 'Firma del contratto', type: 'REQUIRED' } as const;
const BOX = { page: 0, x: 0, y: 0, width: 0, height: 0 };

/** A variant of a valid value, in which one part at any depth is replaced. */
interface Variant {
  readonly value: unknown;
  /** Whether the part was an object or a list, whose types GraphQL checks. */
  readonly hadParts: boolean;
}

function* variantsOf(value: unknown, replacement: unknown): Generator<Variant> {
  const hadParts = typeof value === 'object' && value !== null && !(value instanceof Date);
  yield { value: replacement, hadParts };
  if (!hadParts) return;
  for (const [name, part] of Object.entries(value))
    for (const variant of variantsOf(part, replacement))
      yield {
        ...variant,
        value: Array.isArray(value)
          ? value.with(Number(name), variant.value)
          : { ...value, [name]: variant.value },
      };
}

function messagesOf(rules: z.ZodType, value: unknown): string[] {
  try {
    input.checkInput(rules, value);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return error.fieldErrors.map(({ message }) => message);
  }
}

const ODD_VALUES: readonly unknown[] = [
  [undefined, null, true, {}, [], new Date(Number.NaN), new Date(0)],
  [0.5, -1, 1e9, -1e9, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
  ['', ' ', 'x', 'x'.repeat(300), '\ud800', 'a\nb'],
  [Array.from({ length: 101 }, () => ({}))],
].flat();

const withPosition = (position: SignatureFieldInput['position']) => [
  { title: 'Contratto', fields: [{ clause: CLAUSE, position }] },
];

test.each<[string, z.ZodType, unknown]>([
  ['documents with files', input.documentsWithFiles(10), withPosition({ anchor: { ...ANCHOR, page: 0 } })],
  ['documents', input.documentsRules, withPosition({ uniqueName: 'a', box: BOX })],
  ['fields of a file', input.fieldsOfFileRules, [{ clause: CLAUSE, position: { anchor: ANCHOR } }]],
  ['anchors', input.anchorsRules, [ANCHOR]],
  ['title', input.titleRules, 'Pratica'],
  ['support e-mail', input.supportEmailRules, 'urp@example.it'],
  ['expiry', input.expiresAtRules, new Date(Date.now() + 60_000)],
  ['fiscal code', input.fiscalCodeRules, 'SPNDNL80R13C555X'],
  ['signer', input.signerIdRules, '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11'],
  ['id', input.idRules('dossier'), 'd'],
  ['idempotency key', input.idempotencyKeyRules, 'k'],
  ['wait', input.waitSecondsRules, 1],
])('%s: no message is one of zod, for any wrong value in any place', (_, rules, valid) => {
  const { customError } = z.config();
  z.config({ customError: () => 'a message of zod' });
  onTestFinished(() => void z.config({ customError }));
  expect(messagesOf(rules, valid)).toEqual([]);
  for (const odd of ODD_VALUES)
    for (const { value, hadParts } of variantsOf(valid, odd))
      for (const message of messagesOf(rules, value)) {
        expect(message).not.toBe('a message of zod');
        if (!hadParts) expect(message).not.toBe('The value does not have the type that the schema declares.');
      }
});
