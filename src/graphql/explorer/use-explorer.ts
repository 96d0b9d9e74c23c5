import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'graphql-yoga';
import { acceptedOf, acceptsCoding, HTML_TYPE, JSON_TYPE } from '../../http/media-types.ts';

/**
 * The browser itself sees to it that nothing is loaded from elsewhere, and that answers go nowhere else. The page is one
 * document with its scripts and styles inside; workers are blobs, fonts and icons are data URIs.
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
  // Kept by the browser, but asked for each time: 304 as long as it is the same.
  'cache-control': 'no-cache',
  vary: 'accept, accept-encoding',
};

interface Page {
  readonly html: string;
  /** 2.4 MB instead of 9. */
  readonly zipped: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** GraphiQL with a tab for each step, to browsers that open the endpoint. Serve it with Yoga's own GraphiQL off. */
export function useExplorer(): Plugin {
  let page: Promise<Page> | undefined;
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      if (request.method !== 'GET' || !prefersPages(request.headers.get('accept'))) return;
      if (url.pathname === '/')
        return endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: '/graphql' } }));
      if (url.pathname !== '/graphql') return;
      // A failed attempt is not kept: the next visit tries again.
      page ??= makePage().catch((failure: unknown) => {
        page = undefined;
        throw failure;
      });
      const { html, zipped, etag } = await page;
      const headers = { ...HEADERS, etag };
      if (request.headers.get('if-none-match')?.includes(etag))
        endResponse(new fetchAPI.Response(null, { status: 304, headers }));
      else if (acceptsCoding(request.headers.get('accept-encoding'), 'gzip'))
        endResponse(new fetchAPI.Response(zipped, { headers: { ...headers, 'content-encoding': 'gzip' } }));
      else endResponse(new fetchAPI.Response(html, { headers }));
    },
  };
}

/** As browsers do. Programs accept everything, or say nothing. */
const prefersPages = (accept: string | null): boolean =>
  acceptedOf(accept, [JSON_TYPE, HTML_TYPE])[0] === HTML_TYPE;

/** On the first visit: who never opens GraphiQL does not pay for its 9 MB. */
async function makePage(): Promise<Page> {
  const { renderExplorer } = await import('./render-explorer.ts');
  const html = renderExplorer();
  // Copied into memory of its own, as responses want it.
  const zipped = new Uint8Array(await promisify(gzip)(html));
  return { html, zipped, etag: `"${createHash('sha256').update(html).digest('base64url')}"` };
}
