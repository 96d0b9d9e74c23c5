import { UpstreamError } from './failure/upstream-error.ts';
import { checkStorageUrl } from './storage/storage-url.ts';

/** Where the URLs that the service hands out may lead. */
export interface UrlRules {
  /** The base URL of the service. */
  readonly baseUrl: URL;
  /** See `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
}

/**
 * A URL that the service handed out, checked where it was decoded. An `UpstreamError` stands in the place of one that
 * leads elsewhere: the rest of the answer stays usable, and whoever needs the URL throws the error.
 */
export type CheckedUrl = string | UpstreamError;

/** A pre-signed URL of the storage. */
export function checkedStorageUrl(url: string, { storageHosts }: UrlRules, operation: string): CheckedUrl {
  return checked(() => {
    checkStorageUrl(url, storageHosts, operation);
    return url;
  });
}

/** Domain of the service's public pages. */
const PAGES = /(^|\.)pagopa\.it$/;

/** The image of a QR code: a page of PagoPA over https, or of the service itself, as the sandbox serves it. */
export function checkedPageUrl(text: string, { baseUrl }: UrlRules, operation: string): CheckedUrl {
  return checked(() => {
    const url = URL.parse(text);
    const isPage = url?.protocol === 'https:' && url.port === '' && PAGES.test(url.hostname);
    const hasCredentials = url !== null && (url.username !== '' || url.password !== '');
    if (url === null || hasCredentials || !(isPage || url.origin === baseUrl.origin))
      throw new UpstreamError({
        kind: 'contract',
        operation,
        detail: 'the URL of the QR code leads elsewhere',
      });
    return url.href;
  });
}

/** @throws {UpstreamError} of kind `contract` for a URL that the gateway must not pass on. */
export function urlOf(url: CheckedUrl): string {
  if (url instanceof UpstreamError) throw url;
  return url;
}

function checked(check: () => string): CheckedUrl {
  try {
    return check();
  } catch (failure) {
    if (failure instanceof UpstreamError) return failure;
    throw failure;
  }
}
