import { importJWK } from 'jose';
import type { JWK } from 'jose';
import { z } from 'zod';
import { ALGORITHMS } from './verify-jwt.ts';

/** The least that RFC 7518, section 3.3, allows, in bits. */
const MIN_RSA_BITS = 2_048;

const algorithm = z.enum(ALGORITHMS, 'alg is not one of a signature with a public key');
/** What a key says of itself, as far as it can rule the key out. */
const keyRules = z.looseObject(
  {
    kty: z.enum(['RSA', 'EC', 'OKP'], 'kty is not RSA, EC or OKP'),
    use: z.literal('sig', 'use is not sig').optional(),
    key_ops: z
      .array(z.string(), 'key_ops is not a list of names')
      .refine((operations) => operations.includes('verify'), 'key_ops does not have verify')
      .optional(),
    alg: algorithm.optional(),
    d: z.undefined('it is a private key').optional(),
  },
  'it is not an object',
);

/** A key of a key set that is ignored. */
export interface UnusableKey {
  /** Its `kid`, or else its place in the set. */
  readonly key: string;
  readonly reason: string;
}

/**
 * The keys of a set with which tokens can be verified, and why the others are not among them. RFC 7517, section 5, wants
 * them to be ignored, and jose would fail for every token that one of them fits.
 */
export async function usableKeys(
  keys: readonly unknown[],
): Promise<{ readonly keys: readonly unknown[]; readonly unusable: readonly UnusableKey[] }> {
  const reasons = await Promise.all(keys.map(weaknessOf));
  return {
    keys: keys.filter((_, index) => reasons[index] === undefined),
    unusable: keys.flatMap((key, index) => {
      const reason = reasons[index];
      return reason === undefined ? [] : { key: nameOf(key, index), reason };
    }),
  };
}

/** Why no token can be verified with a key. Undefined for a good one. */
async function weaknessOf(key: unknown): Promise<string | undefined> {
  const { data, error } = keyRules.safeParse(key);
  if (data === undefined) return error.issues[0]?.message ?? 'it is not a key';
  const { kty, alg } = data;
  for (const candidate of alg === undefined ? ALGORITHMS : [alg]) {
    // jose checks every member itself.
    const imported = await importJWK(key as JWK, candidate).catch(() => undefined);
    if (imported === undefined || imported instanceof Uint8Array) continue;
    return bitsOf(imported.algorithm) < MIN_RSA_BITS ? `it has less than ${MIN_RSA_BITS} bits` : undefined;
  }
  return `its members do not make a public ${kty} key${alg === undefined ? '' : ` for ${alg}`}`;
}

function bitsOf(algorithm: object): number {
  return 'modulusLength' in algorithm && typeof algorithm.modulusLength === 'number'
    ? algorithm.modulusLength
    : Number.POSITIVE_INFINITY;
}

function nameOf(key: unknown, index: number): string {
  return typeof key === 'object' && key !== null && 'kid' in key && typeof key.kid === 'string'
    ? key.kid
    : `number ${index + 1}, without kid`;
}
