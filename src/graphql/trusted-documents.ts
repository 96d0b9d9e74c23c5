import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Operations that may be sent by their SHA-256, in lower-case hex. */
export type TrustedDocuments = ReadonlyMap<string, string>;

/** The manifest cannot be used. Its message names at most the key at fault. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/**
 * Reads a manifest: a JSON object of document by SHA-256, as GraphQL Code Generator writes it; `sha256:` in front of the
 * hash is allowed. Each document is held against its hash, so that the manifest allows what was reviewed and nothing else.
 * @throws {ManifestError}
 */
export function readTrustedDocuments(file: string): TrustedDocuments {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new ManifestError('must be a JSON file that can be read');
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    throw new ManifestError('must be a JSON object of document by SHA-256');
  const documents = new Map<string, string>();
  for (const [key, document] of Object.entries(manifest)) {
    const hash = key.replace(/^sha256:/, '').toLowerCase();
    if (typeof document !== 'string' || !/^[\da-f]{64}$/.test(hash))
      throw new ManifestError(`must have a SHA-256 and a text in every entry: not so ${key.slice(0, 80)}`);
    if (createHash('sha256').update(document).digest('hex') !== hash)
      throw new ManifestError(`has a document that is not the one of its hash ${key}`);
    documents.set(hash, document);
  }
  if (documents.size === 0) throw new ManifestError('has no document');
  return documents;
}
