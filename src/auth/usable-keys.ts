import { importJWK } from 'jose';
import type { JWK } from 'jose';
import { z } from 'zod';
import { ALGORITHMS } from './verify-jwt.ts';

/** The smallest RSA key that RFC 7518, section 3.3, allows. */
const MIN_RSA_BITS = 2_048;

const algorithm = z.enum(ALGORITHMS, 'alg is not a signature algorithm with a public key');
/** The members of a key that can make it unusable. */
const keyRules = z.looseObject(
  {
    kty: z.enum(['RSA', 'EC', 'OKP'], 'kty is not RSA, EC or OKP'),
    use: z.literal('sig', 'use is not sig').optional(),
    key_ops: z
      .array(z.string(), 'key_ops is not a list of names')
      .refine((operations) => operations.includes('verify'), 'key_ops does not contain verify')
      .optional(),
    alg: algorithm.optional(),
    d: z.undefined('it is a private key').optional(),
  },
  'it is not an object',
);

/** An ignored key of a key set. */
export interface UnusableKey {
  /** Its `kid`, or its position in the set. */
  readonly key: string;
  readonly reason: string;
}

/**
 * Splits a key set into keys that can verify tokens and others. RFC 7517, section 5, asks to ignore the others; jose would
 * instead fail for every token that one of them matches.
 */
export async function usableKeys(
  keys: readonly unknown[],
): Promise<{ readonly keys: readonly unknown[]; readonly unusable: readonly UnusableKey[] }> {
  const reasons = await Promise.all(keys.map(reasonAgainst));
  return {
    keys: keys.filter((_, index) => reasons[index] === undefined),
    unusable: keys.flatMap((key, index) => {
      const reason = reasons[index];
      return reason === undefined ? [] : { key: nameOf(key, index), reason };
    }),
  };
}

/** Why a key cannot verify tokens; undefined if it can. */
async function reasonAgainst(key: unknown): Promise<string | undefined> {
  const { data, error } = keyRules.safeParse(key);
  if (data === undefined) return error.issues[0]?.message ?? 'it is not a key';
  const { kty, alg } = data;
  for (const candidate of alg === undefined ? ALGORITHMS : [alg]) {
    // jose validates every member itself.
    const imported = await importJWK(key as JWK, candidate).catch(() => undefined);
    if (imported === undefined || imported instanceof Uint8Array) continue;
    return bitsOf(imported.algorithm) < MIN_RSA_BITS ? `it has fewer than ${MIN_RSA_BITS} bits` : undefined;
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
