import type { Document, SignatureRequest, SignatureRequestSummary } from '../upstream/decode.ts';
import { urlOf } from '../upstream/url-rules.ts';
import type { GatewayContext } from './context.ts';
import { NotFoundError } from './errors/domain-errors.ts';
import { translateUpstreamError } from './errors/translate-upstream-error.ts';
import { authorizeAccess } from './shared/read-request.ts';

/** A signature request as an item of a list, or with all fields. */
export type AnySignatureRequest = SignatureRequestSummary | SignatureRequest;

/** The signature request, or `null` if it does not exist or the caller may not access it. */
export function signatureRequest(context: GatewayContext, id: string): Promise<SignatureRequest | null> {
  return orNull(authorizeAccess(context, () => context.loaders.signatureRequestById.load(id)));
}

/**
 * The value that `pick` returns for a signature request with all fields. Reads an item of a list once for all its fields.
 * Returns `null` if the request no longer exists.
 */
export function fromDetail<T>(
  context: GatewayContext,
  request: AnySignatureRequest,
  pick: (whole: SignatureRequest) => T,
): T | Promise<T | null> {
  if ('documents' in request) return pick(request);
  return detailOf(context, request).then((whole) => whole && pick(whole));
}

/**
 * The signature request with all fields, for an item of a list of which several fields need them: one promise in place of one
 * for each field. The item itself if it cannot be read: then each field has its own error or null.
 */
export function withDetail(
  context: GatewayContext,
  request: AnySignatureRequest,
): AnySignatureRequest | Promise<AnySignatureRequest> {
  if ('documents' in request) return request;
  return detailOf(context, request).then(
    (whole) => whole ?? request,
    () => request,
  );
}

function detailOf(
  context: GatewayContext,
  request: SignatureRequestSummary,
): Promise<SignatureRequest | null> {
  const { details } = context.loaders;
  let detail = details.get(request);
  if (detail === undefined) {
    detail = signatureRequest(context, request.id);
    details.set(request, detail);
  }
  return detail;
}

export function orNull<T>(found: Promise<T>): Promise<T | null> {
  return found.catch(nullIfNotFound);
}

function nullIfNotFound(error: unknown): null {
  if (error instanceof NotFoundError) return null;
  throw error;
}

/** Computed: the service has no such status. The IO app stops showing an expired request. */
export function isExpired({ status, expiresAt }: AnySignatureRequest): boolean {
  return status !== 'SIGNED' && status !== 'CANCELLED' && Date.parse(expiresAt) <= Date.now();
}

export interface QrCode {
  /** @throws {UpstreamFault} if the URL does not lead to a host of the service. */
  readonly url: () => string;
  readonly link: string;
}

/** The QR code, once the request waits for its signature. Its link opens the request in the IO app. */
export function qrCodeOf({ id, qrCodeUrl }: SignatureRequest): QrCode | null {
  if (qrCodeUrl === undefined) return null;
  return {
    url: () => readUrl(() => urlOf(qrCodeUrl)),
    link: `https://continua.io.pagopa.it/open?feat=firma&srid=${encodeURIComponent(id)}`,
  };
}

/** The QR code as a data URI. */
export async function qrCodeImage({ link }: QrCode, format: 'SVG' | 'PNG'): Promise<string> {
  const { toDataURL, toString: toSvg } = await import('qrcode'); // few operations need it
  if (format === 'PNG') return toDataURL(link, { type: 'image/png', width: 480, margin: 4 });
  const svg = await toSvg(link, { type: 'svg', margin: 4 });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

export interface DocumentOfRequest extends Document {
  /**
   * Undefined unless the request is SIGNED and the service could sign a URL.
   * @throws {UpstreamFault} if the URL does not lead to the storage.
   */
  readonly download?: () => DownloadLink | undefined;
}

export function documentsOf(request: SignatureRequest): DocumentOfRequest[] {
  return request.documents.map((document) => ({
    ...document,
    download: () => readUrl(() => downloadLinkOf(request, document)),
  }));
}

function readUrl<T>(read: () => T): T {
  try {
    return read();
  } catch (failure) {
    throw translateUpstreamError(failure);
  }
}

/** A pre-signed URL of a signed file. */
interface DownloadLink {
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
