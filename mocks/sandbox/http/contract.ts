import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import type { ProfileName } from '../model/profile.ts';

type ContractOperations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>;
export type ContractOperation = ContractOperations[number];

/** The contract of the Issuer API. */
export const CONTRACT = fileURLToPath(new URL('../../openapi.yaml', import.meta.url));
/** The document of the control API. */
export const CONTROL_CONTRACT = fileURLToPath(new URL('../../sandbox-control.yaml', import.meta.url));

/** The operations of a document in the form that Prism uses. */
export interface CompiledContract {
  /** Digest of the document, in lower-case hex. */
  readonly sha256: string;
  readonly operations: ContractOperations;
}

const loaded = new Map<string, Promise<ContractOperations>>();

/**
 * The operations of a document, loaded once per process.
 * @param profile with 'documented', the members of `x-documented` override those of its schema
 */
export function contractOperations(
  document = CONTRACT,
  profile: ProfileName = 'implemented',
): Promise<ContractOperations> {
  const key = `${profile} ${document}`;
  const operations =
    loaded.get(key) ??
    (profile === 'implemented'
      ? loadOperations(document)
      : contractOperations(document).then((implemented) => asDocumented(implemented)));
  loaded.set(key, operations);
  return operations;
}

/** Reads the compiled operations, or compiles the document if it has changed since. */
async function loadOperations(document: string): Promise<ContractOperations> {
  const [text, compiled] = await Promise.all([
    readFile(document),
    readFile(compiledPath(document), 'utf8').catch(() => undefined),
  ]);
  // The cast: `npm run types:generate` writes the file, and its digest is checked.
  const contract = compiled === undefined ? undefined : (JSON.parse(compiled) as CompiledContract);
  return contract?.sha256 === digestOf(text) ? contract.operations : (await compile(document)).operations;
}

/** The file of the compiled operations of a document. */
export function compiledPath(document: string): string {
  return document.replace(/\.yaml$/, '.operations.json');
}

/** Parses a document with Prism, which takes longer and more memory than the rest of a sandbox's start. */
export async function compile(document: string): Promise<CompiledContract> {
  // Loaded here, because its parser takes 30 MB of memory.
  const parser: typeof import('@stoplight/prism-http/dist/utils/operations.js', {
    with: { 'resolution-mode': 'require' },
  }) = createRequire(import.meta.url)('@stoplight/prism-http/dist/utils/operations.js');
  const operations = await parser.getHttpOperationsFromSpec(document);
  return { sha256: digestOf(await readFile(document)), operations };
}

function digestOf(document: Buffer): string {
  return createHash('sha256').update(document).digest('hex');
}

/** A copy of the value in which the members of each `x-documented` override its siblings. */
function asDocumented<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  // The cast: arrays and objects keep their structure, except for overridden members.
  if (Array.isArray(value)) return value.map((item) => asDocumented<unknown>(item)) as T;
  const entries = Object.entries({ ...value, ...('x-documented' in value && Object(value['x-documented'])) });
  return Object.fromEntries(entries.map(([name, member]) => [name, asDocumented<unknown>(member)])) as T;
}
