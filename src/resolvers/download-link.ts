import type { Document, SignatureRequest } from '../upstream/decode.ts';
import { urlOf } from '../upstream/url-rules.ts';

/** Where a signed file can be had, and until when. */
export interface DownloadLink {
  /** A credential: whoever has it can read the file. */
  readonly url: string;
  /** By the storage's clock, in whole seconds. Undefined when the address does not say. */
  readonly expiresAt: Date | undefined;
}

/**
 * The link that the service made for a document with this very answer. Undefined unless the request is SIGNED: before,
 * the address is a private one that nobody can read from. The service gives that too, without a word, when it could not
 * sign a link.
 * @throws {UpstreamError} of kind `contract` when the link leads elsewhere than to the storage.
 */
export function downloadLinkOf(
  { status }: Pick<SignatureRequest, 'status'>,
  document: Pick<Document, 'url'>,
): DownloadLink | undefined {
  if (status !== 'SIGNED' || document.url === undefined) return undefined;
  const url = urlOf(document.url);
  const query = URL.parse(url)?.searchParams;
  if (!query?.get('sig')) return undefined;
  const expiresAt = new Date(query.get('se') ?? NaN);
  return { url, expiresAt: Number.isNaN(expiresAt.getTime()) ? undefined : expiresAt };
}
