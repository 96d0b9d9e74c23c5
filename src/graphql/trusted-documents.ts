import { GraphQLError } from 'graphql';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The parameter of GraphQL over HTTP that names a document. */
export const DOCUMENT_ID = 'documentId';

/** Trusted documents by their SHA-256 in lower-case hex. */
export type TrustedDocuments = ReadonlyMap<string, string>;

/** The documents that requests may name by their id. */
export interface NamedDocuments {
  readonly documents: TrustedDocuments;
  /** Whether no other document runs: they are the trusted documents of the operator, not those of our own pages. */
  readonly isExclusive: boolean;
}

/** The manifest is invalid. The message contains at most the key of the invalid entry. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/**
 * Reads a manifest: a JSON object of documents by SHA-256, as GraphQL Code Generator writes it, with an optional `sha256:`
 * prefix. Each document must match its hash, so that only reviewed documents run.
 * @throws {ManifestError}
 */
export function readTrustedDocuments(file: string): TrustedDocuments {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new ManifestError('must be a readable JSON file');
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest))
    throw new ManifestError('must be a JSON object with documents by their SHA-256');
  const documents = new Map<string, string>();
  for (const [key, document] of Object.entries(manifest)) {
    const hash = key.replace(/^sha256:/, '').toLowerCase();
    if (typeof document !== 'string' || !/^[\da-f]{64}$/.test(hash))
      throw new ManifestError(
        `every entry must be a SHA-256 with the text of a document, unlike the entry ${key.slice(0, 80)}`,
      );
    if (createHash('sha256').update(document).digest('hex') !== hash)
      throw new ManifestError(`the document does not match its hash ${key}`);
    documents.set(hash, document);
  }
  if (documents.size === 0) throw new ManifestError('must contain a document');
  return documents;
}

/**
 * The text of the trusted document that the parameters name, with `documentId` or with the persisted query extension of
 * Apollo.
 * @throws {GraphQLError} for any other document
 */
export function trustedDocumentOf(params: Params, documents: TrustedDocuments): string {
  if (params['query'] !== undefined && params['query'] !== null && params['query'] !== '')
    throw refused(
      'DOCUMENT_NOT_ALLOWED',
      'This gateway runs trusted documents only. Send documentId, and no query.',
    );
  const hash = hashOf(params);
  if (hash === undefined)
    throw refused('DOCUMENT_ID_MISSING', 'This gateway runs trusted documents only. Send documentId.');
  const text = documents.get(hash);
  if (text === undefined)
    throw refused('DOCUMENT_NOT_TRUSTED', 'The document is not a trusted document of this gateway.');
  return text;
}

/**
 * The text of the document of our own pages that the parameters name, in place of a query.
 * @returns undefined for parameters of any other form, which are checked as without such documents
 */
export function pageDocumentOf(params: Params, named: NamedDocuments): string | undefined {
  const { query, [DOCUMENT_ID]: id } = params;
  return query === undefined && typeof id === 'string' ? named.documents.get(id) : undefined;
}

type Params = Readonly<Record<string, unknown>>;

/** With or without `sha256:`. */
function hashOf({ [DOCUMENT_ID]: documentId, extensions }: Params): string | undefined {
  const id = documentId ?? memberOf(memberOf(extensions, 'persistedQuery'), 'sha256Hash');
  return typeof id === 'string' ? id.replace(/^sha256:/, '').toLowerCase() : undefined;
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined;

const refused = (code: string, message: string): Error =>
  new GraphQLError(message, { extensions: { code, http: { spec: true, status: 400 } } });
