import { fileURLToPath } from 'node:url';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';

type ContractOperations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>;

/** The Issuer API. */
export const CONTRACT = fileURLToPath(new URL('../openapi.yaml', import.meta.url));
/** What is below `/_sandbox`. */
export const CONTROL_CONTRACT = fileURLToPath(new URL('../sandbox-control.yaml', import.meta.url));

const parsed = new Map<string, Promise<ContractOperations>>();

/** The operations of a document. Parsed once per process: parsing costs far more than starting a sandbox. */
export function contractOperations(document = CONTRACT): Promise<ContractOperations> {
  const operations = parsed.get(document) ?? getHttpOperationsFromSpec(document);
  parsed.set(document, operations);
  return operations;
}
