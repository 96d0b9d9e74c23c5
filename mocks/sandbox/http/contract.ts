import { fileURLToPath } from 'node:url';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import type { ProfileName } from '../model/profile.ts';

type ContractOperations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>;
export type ContractOperation = ContractOperations[number];

/** The Issuer API. */
const CONTRACT = fileURLToPath(new URL('../../openapi.yaml', import.meta.url));
/** What is below `/_sandbox`. */
export const CONTROL_CONTRACT = fileURLToPath(new URL('../../sandbox-control.yaml', import.meta.url));

const parsed = new Map<string, Promise<ContractOperations>>();

/**
 * The operations of a document. Parsed once per process: parsing costs far more than starting a sandbox.
 * @param profile with 'documented', schemas that carry `x-documented` are what stands there
 */
export function contractOperations(
  document = CONTRACT,
  profile: ProfileName = 'implemented',
): Promise<ContractOperations> {
  const key = `${profile} ${document}`;
  const operations =
    parsed.get(key) ??
    (profile === 'implemented'
      ? getHttpOperationsFromSpec(document)
      : contractOperations(document).then((implemented) => asDocumented(implemented)));
  parsed.set(key, operations);
  return operations;
}

/** The same value with the members of each `x-documented` put over those beside it. */
function asDocumented<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  // Maps arrays to arrays and objects to objects with the same members, but for values that documents change.
  if (Array.isArray(value)) return value.map((item) => asDocumented<unknown>(item)) as T;
  const entries = Object.entries({ ...value, ...('x-documented' in value && Object(value['x-documented'])) });
  return Object.fromEntries(entries.map(([name, member]) => [name, asDocumented<unknown>(member)])) as T;
}
