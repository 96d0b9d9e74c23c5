import { fileURLToPath } from 'node:url';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http/dist/utils/operations.js';
import type { ProfileName } from '../model/profile.ts';

type ContractOperations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>;
export type ContractOperation = ContractOperations[number];

/** The contract of the Issuer API. */
const CONTRACT = fileURLToPath(new URL('../../openapi.yaml', import.meta.url));
/** The document of the control API. */
export const CONTROL_CONTRACT = fileURLToPath(new URL('../../sandbox-control.yaml', import.meta.url));

const parsed = new Map<string, Promise<ContractOperations>>();

/**
 * The operations of a document. Parsed once per process, because parsing takes longer than starting a sandbox.
 * @param profile with 'documented', the members of `x-documented` override those of its schema
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

/** A copy of the value in which the members of each `x-documented` override its siblings. */
function asDocumented<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  // The cast: arrays and objects keep their structure, except for overridden members.
  if (Array.isArray(value)) return value.map((item) => asDocumented<unknown>(item)) as T;
  const entries = Object.entries({ ...value, ...('x-documented' in value && Object(value['x-documented'])) });
  return Object.fromEntries(entries.map(([name, member]) => [name, asDocumented<unknown>(member)])) as T;
}
