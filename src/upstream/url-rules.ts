import { UpstreamError } from './failure/upstream-error.ts';

/** Where the URLs in answers of the service may lead. */
export interface UrlRules {
  /** The base URL of the service. */
  readonly baseUrl: URL;
  /** See `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
}

/**
 * A URL from an answer of the service, checked by its decoder. An `UpstreamError` replaces a URL that leads elsewhere: the
 * rest of the answer stays usable, and the code that needs the URL throws the error.
 */
export type CheckedUrl = string | UpstreamError;

/**
 * Checks a pre-signed URL before a request is sent to it. A wrong answer of the service must not make the gateway write to,
 * or disclose the content of, another host.
 *
 * `allowedHosts` contains host names, reached over https on port 443, and full origins (`http://127.0.0.1:4010`), which
 * match exactly and are for development.
 * @throws UpstreamError of kind `contract`. Its message does not contain the URL, which is a credential.
 */
export function checkStorageUrl(text: string, allowedHosts: readonly string[], operation: string): URL {
  const url = URL.parse(text);
  const refuse = (detail: string): UpstreamError =>
    new UpstreamError({ kind: 'contract', operation, detail });
  if (!url) throw refuse('the storage URL is not a valid URL');
  if (url.username || url.password) throw refuse('the storage URL contains a user name or password');
  const { origin } = url;
  const isAllowed = allowedHosts.some(
    (allowed) =>
      origin === (allowed.includes('://') ? URL.parse(allowed)?.origin : `https://${allowed.toLowerCase()}`),
  );
  if (!isAllowed)
    throw refuse(`the storage URL is not on a configured storage host (${url.protocol}//${url.host})`);
  return url;
}

/** A pre-signed URL of the storage. */
export function checkedStorageUrl(url: string, { storageHosts }: UrlRules, operation: string): CheckedUrl {
  return checked(() => {
    checkStorageUrl(url, storageHosts, operation);
    return url;
  });
}

/** Domain of the public pages of the service. */
const PAGES = /(^|\.)pagopa\.it$/;

/** The image of a QR code: a page of PagoPA over https, or of the origin of the service, where the sandbox serves it. */
export function checkedPageUrl(text: string, { baseUrl }: UrlRules, operation: string): CheckedUrl {
  return checked(() => {
    const url = URL.parse(text);
    const isPage = url?.protocol === 'https:' && url.port === '' && PAGES.test(url.hostname);
    const hasCredentials = url !== null && (url.username !== '' || url.password !== '');
    if (url === null || hasCredentials || !(isPage || url.origin === baseUrl.origin))
      throw new UpstreamError({
        kind: 'contract',
        operation,
        detail: 'the URL of the QR code is not on a host of the service',
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
