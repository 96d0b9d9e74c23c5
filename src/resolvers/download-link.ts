import type { Document, SignatureRequest } from '../upstream/decode.ts';
import { urlOf } from '../upstream/url-rules.ts';

/** A pre-signed URL of a signed file. */
export interface DownloadLink {
  /** A secret: it permits the download without further credentials. */
  readonly url: string;
  /** By the clock of the storage, in whole seconds. Undefined if the URL does not state it. */
  readonly expiresAt: Date | undefined;
}

/**
 * The pre-signed URL of a signed document. The service creates a new one for each response. Undefined unless the request is
 * SIGNED, and when the URL has no signature: the service returns a private URL when it could not sign one.
 * @throws {UpstreamError} of kind `contract` if the URL does not lead to the storage.
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
