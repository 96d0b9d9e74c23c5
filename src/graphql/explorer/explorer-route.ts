import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Route } from '../../http/answer.ts';
import { acceptsCoding, prefersPages } from '../../http/media-types.ts';

/**
 * The browser enforces that the page loads nothing from other origins and sends nothing to them. The page is one document
 * with its scripts and styles inside; workers are blobs, fonts and icons are data URIs.
 */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'unsafe-inline' blob:",
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // The browser keeps the page and revalidates it each time.
  'cache-control': 'no-cache',
  vary: 'accept, accept-encoding',
};

interface Page {
  readonly html: string;
  /** 2.4 MB instead of 9 MB. */
  readonly zipped: Uint8Array;
  readonly etag: string;
}

/** Answers browsers that open the endpoint with GraphiQL, which has a tab for each step. */
export function explorerRoute(): Route {
  let page: Promise<Page> | undefined;
  return async ({ req, url }) => {
    const { method, headers: received } = req;
    if (method !== 'GET' || !prefersPages(received.accept)) return undefined;
    if (url.pathname !== '/graphql') return undefined;
    // A failed attempt is not kept: the next visit tries again.
    page ??= makePage().catch((failure: unknown) => {
      page = undefined;
      throw failure;
    });
    const { html, zipped, etag } = await page;
    const headers = { ...HEADERS, etag };
    if (received['if-none-match']?.includes(etag) === true) return { status: 304, headers };
    if (!acceptsCoding(String(received['accept-encoding'] ?? ''), 'gzip'))
      return { status: 200, headers, body: html };
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: zipped };
  };
}

/** Made on the first visit, because the page takes 9 MB of memory. */
async function makePage(): Promise<Page> {
  const { renderExplorer } = await import('./render-explorer.ts');
  const html = renderExplorer();
  const zipped = await promisify(gzip)(html);
  return { html, zipped, etag: `"${createHash('sha256').update(html).digest('base64url')}"` };
}
