import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { EdgeRequest, Answer } from '../http/answer.ts';
import { acceptsCoding } from '../http/media-types.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.pdf': 'application/pdf',
  '.json': 'application/json',
};

/**
 * The browser enforces that a page runs only scripts of the gateway, loads nothing from other origins and sends nothing to
 * them. Images are also made by the page (`blob:`) and by the gateway (`data:`, the QR code).
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The editor of GraphiQL makes its style sheets and style attributes at run time. */
export const GRAPHIQL_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

interface PageOptions {
  readonly policy?: string;
  readonly isSandbox?: boolean;
}

const GUARDS = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** The files that the build of `web/` has made: pages, and assets whose names contain a digest of their content. */
export class PageFiles {
  readonly #folder: string;
  /** Only listed files are read, so no path of a request reaches the file system. */
  readonly #names: ReadonlySet<string>;

  constructor(folder: string) {
    this.#folder = folder;
    const names = globSync('**/*.*', { cwd: folder }).map((name) => name.split(sep).join('/'));
    this.#names = new Set(names);
  }

  has(name: string): boolean {
    return TYPES[extname(name)] !== undefined && this.#names.has(name);
  }

  /**
   * A page, such as `workbench/index.html`. Browsers revalidate it each time. Its body has the attribute `data-sandbox` if the
   * gateway uses a sandbox.
   */
  async page(
    name: string,
    { req }: EdgeRequest,
    { policy = PAGE_POLICY, isSandbox = false }: PageOptions = {},
  ): Promise<Answer> {
    const file = await readFile(join(this.#folder, name), 'utf8');
    const html = isSandbox ? file.replace('<body>', '<body data-sandbox>') : file;
    const headers = {
      ...GUARDS,
      'content-type': TYPES['.html'] ?? '',
      'content-security-policy': policy,
      'cache-control': 'no-cache',
      etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
      vary: 'accept',
    };
    if (req.headers['if-none-match']?.includes(headers.etag) === true) return { status: 304, headers };
    return { status: 200, headers, body: html };
  }

  /** An asset, which browsers keep. @returns undefined if there is no such file. */
  async asset(name: string, { req }: EdgeRequest): Promise<Answer | undefined> {
    if (!this.has(name)) return undefined;
    const isZipped =
      this.#names.has(`${name}.gz`) && acceptsCoding(String(req.headers['accept-encoding'] ?? ''), 'gzip');
    return {
      status: 200,
      headers: {
        ...GUARDS,
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
        ...(isZipped && { 'content-encoding': 'gzip' }),
      },
      body: await readFile(join(this.#folder, isZipped ? `${name}.gz` : name)),
    };
  }
}
