import { fileURLToPath } from 'node:url';
import type { Answer, Route } from '../http/answer.ts';
import { prefersPages } from '../http/media-types.ts';
import { GRAPHIQL_POLICY, PAGE_POLICY, PageFiles } from './page-files.ts';
import { startPage } from './start-page.ts';

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

/** Answers `/` and, for GraphiQL, `/graphql` for browsers, and the files of the pages below `/assets`. */
export function pagesRoute({ isSandbox, graphiql, folder = BUILT }: PagesOptions): Route {
  let files: PageFiles | undefined;
  return (request) => {
    const { req, url } = request;
    if (req.method !== 'GET' && req.method !== 'HEAD') return undefined;
    files ??= new PageFiles(folder);
    if (url.pathname.startsWith('/assets/')) return files.asset(url.pathname.slice(1), request);
    const isGraphiql = graphiql && url.pathname === '/graphql';
    if ((url.pathname !== '/' && !isGraphiql) || !prefersPages(req.headers.accept)) return undefined;
    if (isGraphiql && files.has(GRAPHIQL))
      return files.page(GRAPHIQL, request, { policy: GRAPHIQL_POLICY, isSandbox });
    if (!isGraphiql && isSandbox && files.has(WORKBENCH)) return files.page(WORKBENCH, request);
    return plainPage(startPage({ graphiql, isBuilt: files.has(GRAPHIQL) }));
  };
}

function plainPage(body: string): Answer {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
      vary: 'accept',
    },
    body,
  };
}
