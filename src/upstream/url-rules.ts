import { UpstreamError } from './failure.ts';

/** Where the URLs in answers of the service may lead. */
export interface UrlRules {
  /** The base URL of the service. */
  readonly baseUrl: URL;
  /** See `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
}

/** A URL that the gateway must not pass on, and why. Not an error, because most answers have URLs that no caller reads. */
export interface RefusedUrl {
  /** Without the URL, which is a credential. */
  readonly refusedFor: string;
  readonly operation: string;
}

/**
 * A URL from an answer of the service, checked by its decoder. The rest of an answer with a refused URL stays usable, and
 * `urlOf` throws an error where the URL is needed.
 */
export type CheckedUrl = string | RefusedUrl;

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
  const detail = faultOfStorageUrl(url, allowedHosts);
  if (url === null || detail !== undefined) throw new UpstreamError({ kind: 'contract', operation, detail });
  return url;
}

/** A pre-signed URL of the storage. */
export function checkedStorageUrl(text: string, { storageHosts }: UrlRules, operation: string): CheckedUrl {
  // Most URLs begin so and need no parsing: nothing after this slash changes the host (URL Standard, section 4.4).
  if (storageHosts.some((host) => /^[\w.-]+$/.test(host) && text.startsWith(`https://${host}/`))) return text;
  const refusedFor = faultOfStorageUrl(URL.parse(text), storageHosts);
  return refusedFor === undefined ? text : { refusedFor, operation };
}

function faultOfStorageUrl(url: URL | null, allowedHosts: readonly string[]): string | undefined {
  if (url === null) return 'the storage URL is not a valid URL';
  if (url.username || url.password) return 'the storage URL contains a user name or password';
  const { origin } = url;
  const isAllowed = allowedHosts.some(
    (allowed) =>
      origin === (allowed.includes('://') ? URL.parse(allowed)?.origin : `https://${allowed.toLowerCase()}`),
  );
  if (isAllowed) return undefined;
  return `the storage URL is not on a configured storage host (${url.protocol}//${url.host})`;
}

/** Domain of the public pages of the service. */
const PAGES = /(^|\.)pagopa\.it$/;

/** The image of a QR code: a page of PagoPA over https, or of the origin of the service, where the sandbox serves it. */
export function checkedPageUrl(text: string, { baseUrl }: UrlRules, operation: string): CheckedUrl {
  const url = URL.parse(text);
  const isPage = url?.protocol === 'https:' && url.port === '' && PAGES.test(url.hostname);
  const hasCredentials = url !== null && (url.username !== '' || url.password !== '');
  if (url !== null && !hasCredentials && (isPage || url.origin === baseUrl.origin)) return url.href;
  return { refusedFor: 'the URL of the QR code is not on a host of the service', operation };
}

/** @throws {UpstreamError} of kind `contract` for a URL that the gateway must not pass on. */
export function urlOf(url: CheckedUrl): string {
  if (typeof url === 'string') return url;
  throw new UpstreamError({ kind: 'contract', operation: url.operation, detail: url.refusedFor });
}
