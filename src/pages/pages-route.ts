import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roleOf } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { NodeHeaders } from '../auth/headers.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import { readTrustedDocuments } from '../graphql/trusted-documents.ts';
import type { NamedDocuments, TrustedDocuments } from '../graphql/trusted-documents.ts';
import { checkOrigin } from '../http/admission.ts';
import { errorAnswer, RefusalError } from '../http/answer.ts';
import type { Answer, Route, EdgeRequest, Refusal } from '../http/answer.ts';
import {
  acceptedOf,
  HTML_TYPE,
  JSON_TYPE,
  prefersPages,
  TEXT_TYPE,
  acceptsCoding,
} from '../http/media-types.ts';

/** In a checkout made by `scripts/build-web.ts`, in the package by its build. */
const BUILT = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const WORKBENCH = 'workbench/index.html';
const WORKBENCH_DOCUMENTS = join(BUILT, 'workbench/documents.json');
const GRAPHIQL = 'graphiql/index.html';

export interface PagesOptions {
  /** Against a sandbox `/` is the workbench, otherwise a page that says what runs. */
  readonly isSandbox: boolean;
  /** Whether `/graphql` opens GraphiQL. */
  readonly graphiql: boolean;
  /** The folder of the built files. */
  readonly folder?: string;
}

/**
 * Answers `/` and, for GraphiQL, `/graphql` for browsers, and the files of the pages below `/assets`. Clients without HTML, such as
 * curl, get `/` as plain text, and those that ask for JSON no page.
 */
export function pagesRoute({ isSandbox, graphiql, folder = BUILT }: PagesOptions): Route {
  let files: PageFiles | undefined;
  return (request) => {
    const { req, url } = request;
    if (req.method !== 'GET' && req.method !== 'HEAD') return undefined;
    files ??= new PageFiles(folder);
    if (url.pathname.startsWith('/assets/')) return files.asset(url.pathname.slice(1), request);
    const isGraphiql = graphiql && url.pathname === '/graphql';
    if (url.pathname !== '/' && !isGraphiql) return undefined;
    if (!prefersPages(req.headers.accept)) {
      // Without the origin against the real service, where a proxy in front may use https.
      const endpoint = isSandbox ? new URL('/graphql', url).href : '/graphql';
      return !isGraphiql && prefersText(req.headers.accept)
        ? plainPage(startText(endpoint), TEXT_TYPE)
        : undefined;
    }
    if (isGraphiql && files.has(GRAPHIQL))
      return files.page(GRAPHIQL, request, { policy: GRAPHIQL_POLICY, isSandbox });
    if (!isGraphiql && isSandbox && files.has(WORKBENCH)) return files.page(WORKBENCH, request);
    return plainPage(startPage({ graphiql, isBuilt: files.has(GRAPHIQL) }));
  };
}

const prefersText = (accept: string | undefined): boolean =>
  acceptedOf(accept ?? null, [TEXT_TYPE, JSON_TYPE])[0] === TEXT_TYPE;

function plainPage(body: string, type = HTML_TYPE): Answer {
  return {
    status: 200,
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
      vary: 'accept',
    },
    body,
  };
}

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
const PAGE_POLICY = [
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
const GRAPHIQL_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

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
class PageFiles {
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

/** The documents of the workbench, which its build has listed. They are read when a request first names one. */
export class WorkbenchDocuments implements NamedDocuments {
  readonly isExclusive = false;
  #documents: TrustedDocuments | undefined;

  get documents(): TrustedDocuments {
    // The pages may not be built.
    if (!existsSync(WORKBENCH_DOCUMENTS)) return new Map();
    return (this.#documents ??= readTrustedDocuments(WORKBENCH_DOCUMENTS));
  }
}

const DOCUMENTATION = 'https://github.com/sigillo/sigillo#readme';

/** A page without scripts that says what runs at this address, in Italian and English. It has no version and no address of the upstream. */
function startPage({
  graphiql,
  isBuilt,
}: {
  readonly graphiql: boolean;
  /** Whether there is a page behind the link to GraphiQL. */
  readonly isBuilt: boolean;
}): string {
  const endpoint = graphiql && isBuilt ? '<a href="/graphql">/graphql</a>' : '<code>/graphql</code>';
  const missing =
    graphiql && !isBuilt
      ? '<p>The pages are not built: run <code>npm ci</code>, then <code>npm start</code>.</p>'
      : '';
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Sigillo</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <main>
      <h1>Sigillo</h1>
      <p>A GraphQL gateway for Firma con IO, the Italian public service for remote signatures. It answers at ${endpoint}.</p>
      <p lang="it">Un gateway GraphQL per Firma con IO, il servizio pubblico italiano di firma a distanza. Risponde a ${endpoint}.</p>
      <p><a href="${DOCUMENTATION}">Documentation, documentazione</a></p>
      ${missing}
    </main>
  </body>
</html>
`;
}

/** The same as plain text, for clients such as curl. */
const startText = (
  endpoint: string,
): string => `Sigillo: a GraphQL gateway for Firma con IO, the Italian public service for remote signatures.

GraphQL        POST ${endpoint}
Documentation  ${DOCUMENTATION}
`;

export interface ControlOptions {
  /** The origin of the sandbox. */
  readonly sandbox: string;
  /** @throws {RefusalError} */
  readonly admit: (headers: RequestHeaders) => Promise<Caller>;
  /** Aborted when the client leaves, and at the end of a shutdown. */
  readonly signalOf: (req: IncomingMessage) => AbortSignal;
}

const FORBIDDEN: Refusal = {
  status: 403,
  code: 'FORBIDDEN',
  message: 'Only operators may use the control API of the sandbox.',
};
const UNAVAILABLE: Refusal = {
  status: 502,
  code: 'SANDBOX_UNAVAILABLE',
  message: 'The sandbox did not answer. Check whether it runs.',
};

/**
 * Passes `/_sandbox` on to the control API of the sandbox, for the workbench, whose policy permits connections to its own
 * origin only. Web pages of other origins are refused, whatever `CORS_ORIGINS` lists.
 */
export function controlRoute({ sandbox, admit, signalOf }: ControlOptions): Route {
  return async ({ req, url }) => {
    if (url.pathname !== '/_sandbox' && !url.pathname.startsWith('/_sandbox/')) return undefined;
    const headers = new NodeHeaders(req.headers);
    try {
      checkOrigin(headers, []);
      if (roleOf(await admit(headers)) !== 'operator') throw new RefusalError(FORBIDDEN);
    } catch (failure) {
      if (failure instanceof RefusalError) return errorAnswer(failure);
      throw failure;
    }
    const target = new URL(url.pathname + url.search, sandbox);
    return pass(req, target, signalOf(req)).catch(() => errorAnswer(UNAVAILABLE));
  };
}

/** Sends the request on, and returns the answer as a stream. @throws when the sandbox cannot be reached. */
async function pass(req: IncomingMessage, target: URL, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const forwarded = httpRequest(target, {
    method: req.method ?? 'GET',
    headers: { 'content-type': req.headers['content-type'] ?? 'application/json' },
    signal,
  });
  forwarded.on('response', resolve).on('error', reject);
  req.pipe(forwarded);
  const answer = await promise;
  return {
    status: answer.statusCode ?? 502,
    headers: { 'content-type': answer.headers['content-type'] ?? 'application/json' },
    body: answer,
  };
}
