import { createHash, createHmac } from 'node:crypto';

/** JSON data. An absent value, `undefined` and `null` are equal. */
export type Input =
  string | number | boolean | null | undefined | readonly Input[] | { readonly [name: string]: Input };

/** The scope of a key. The same key of another caller, or for another operation, is a different key. */
export interface Scope {
  /** The upstream service, because gateways of several services may share a store. */
  readonly realm: string;
  readonly tenant: string | undefined;
  /** Identifies the caller; undefined without authentication. */
  readonly caller: readonly string[] | undefined;
  readonly operation: string;
  /** As the client chose it. */
  readonly key: string;
}

/**
 * The name of a key in the store. A hash, because operators of the store see names, and clients put personal data into keys.
 */
export function nameOf({ realm, tenant, caller, operation, key }: Scope): string {
  return createHash('sha256')
    .update(canonical([realm, tenant, caller, operation, key]))
    .digest('hex');
}

/**
 * Identifies an input without revealing it: SHA-256, keyed with the key of the client. A plain hash of an input with a fiscal
 * code could be reversed by trying all codes.
 */
export function fingerprintOf(key: string, input: Input): string {
  return createHmac('sha256', key).update(canonical(input)).digest('hex');
}

/** Canonical JSON: sorted names (as in RFC 8785), without names that have no value. */
export function canonical(input: Input): string {
  if (isList(input)) return `[${input.map(canonical).join(',')}]`;
  if (typeof input !== 'object' || input === null) return JSON.stringify(input ?? null);
  const entries = Object.entries(input)
    .filter(([, value]) => value != null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`;
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(input: Input): input is readonly Input[] {
  return Array.isArray(input);
}
