import { fileURLToPath } from 'node:url';
import type { Answer, Route } from '../http/answer.ts';
import { acceptedOf, HTML_TYPE, JSON_TYPE, prefersPages, TEXT_TYPE } from '../http/media-types.ts';
import { GRAPHIQL_POLICY, PAGE_POLICY, PageFiles } from './page-files.ts';
import { startPage, startText } from './start-page.ts';

/** In a checkout made by `scripts/build-web.ts`, in the package by its build. */
const BUILT = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const WORKBENCH = 'workbench/index.html';
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
