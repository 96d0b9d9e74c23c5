import { fileURLToPath } from 'node:url';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';

type ContractOperations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>;

const CONTRACT = fileURLToPath(new URL('../openapi.yaml', import.meta.url));
let parsed: Promise<ContractOperations> | undefined;

/** The operations of `mocks/openapi.yaml`. Parsed once per process: parsing costs far more than starting a sandbox. */
export function contractOperations(): Promise<ContractOperations> {
  parsed ??= getHttpOperationsFromSpec(CONTRACT);
  return parsed;
}
