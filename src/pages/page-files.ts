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

  /** A page, such as `workbench/index.html`. Browsers revalidate it each time. */
  async page(name: string, { req }: EdgeRequest, policy = PAGE_POLICY): Promise<Answer> {
    const etag = `"${createHash('sha256')
      .update(await readFile(join(this.#folder, name)))
      .digest('base64url')}"`;
    const headers = {
      'content-security-policy': policy,
      'cache-control': 'no-cache',
      etag,
      vary: 'accept, accept-encoding',
    };
    if (req.headers['if-none-match']?.includes(etag) === true)
      return { status: 304, headers: { ...GUARDS, ...headers } };
    return this.#send(name, req.headers['accept-encoding'], headers);
  }

  /** An asset, which browsers keep. @returns undefined if there is no such file. */
  async asset(name: string, { req }: EdgeRequest): Promise<Answer | undefined> {
    if (!this.has(name)) return undefined;
    const headers = { 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' };
    return this.#send(name, req.headers['accept-encoding'], headers);
  }

  async #send(
    name: string,
    accepted: string | string[] | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const isZipped = this.#names.has(`${name}.gz`) && acceptsCoding(String(accepted ?? ''), 'gzip');
    return {
      status: 200,
      headers: {
        ...GUARDS,
        ...headers,
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        ...(isZipped && { 'content-encoding': 'gzip' }),
      },
      body: await readFile(join(this.#folder, isZipped ? `${name}.gz` : name)),
    };
  }
}
