import { createHash, createHmac } from 'node:crypto';

/** Data as JSON has it. What is absent, `undefined` and `null` are the same: nothing was said. */
export type Input =
  string | number | boolean | null | undefined | readonly Input[] | { readonly [name: string]: Input };

/** Whose key it is, and for what. The same key of anybody else, or for another operation, is another key. */
export interface Scope {
  /** The service that is called: gateways of several services may share a store. */
  readonly realm: string;
  readonly tenant: string | undefined;
  /** What tells callers apart; undefined where nobody was asked. */
  readonly caller: readonly string[] | undefined;
  readonly operation: string;
  /** As the client chose it. */
  readonly key: string;
}

/**
 * The name that a key is kept under. A hash: names are seen by whoever runs the store, and callers put names of people
 * into keys.
 */
export function nameOf({ realm, tenant, caller, operation, key }: Scope): string {
  return createHash('sha256')
    .update(canonical([realm, tenant, caller, operation, key]))
    .digest('hex');
}

/**
 * What tells one input from another and says nothing about it: SHA-256, keyed with the client's own key. A plain hash of
 * an input with a fiscal code in it could be found again by trying all codes that there are.
 */
export function fingerprintOf(key: string, input: Input): string {
  return createHmac('sha256', key).update(canonical(input)).digest('hex');
}

/** JSON in which the order of names has no meaning (as in RFC 8785), nor has a name without a value. */
export function canonical(input: Input): string {
  if (isList(input)) return `[${input.map(canonical).join(',')}]`;
  if (typeof input !== 'object' || input === null) return JSON.stringify(input ?? null);
  const entries = Object.entries(input)
    .filter(([, value]) => value != null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join(',')}}`;
}

/** `Array.isArray` does not know lists that are read only. */
function isList(input: Input): input is readonly Input[] {
  return Array.isArray(input);
}
