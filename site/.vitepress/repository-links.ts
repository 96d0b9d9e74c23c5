import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { ROOT, pages, siteOf } from './pages.ts';

/** Address of the repository, as package.json states it. */
export const REPOSITORY = repositoryOf(readFileSync(`${ROOT}/package.json`, 'utf8'));

function repositoryOf(text: string): string {
  // The cast: a test compares this field with publiccode.yml.
  const { repository } = JSON.parse(text) as { readonly repository: { readonly url: string } };
  return repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * Relative links of pages are those of the repository. A link to a page of the site leads to it, and any other to the
 * repository.
 */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    // The search index names a page by its path in the repository.
    const page = pages.find((each) => [each, siteOf(each)].includes(env.relativePath)) ?? '';
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.type === 'link_open' ? token.attrGet('href') : null;
      if (target !== null) token.attrSet('href', hrefOf(page, target));
    }
  });
}

/** @throws Error for a target that does not exist */
function hrefOf(page: string, target: string): string {
  if (/^(?:[a-z]+:|#)/.test(target)) return target;
  const [path = '', anchor] = target.split('#');
  const file = join(dirname(page), path);
  const fragment = anchor === undefined ? '' : `#${anchor}`;
  if (pages.includes(file)) return `/${siteOf(file)}${fragment}`;
  if (!existsSync(`${ROOT}/${file}`)) throw new Error(`${page} links to ${target}, which does not exist`);
  const kind = statSync(`${ROOT}/${file}`).isDirectory() ? 'tree' : 'blob';
  return `${REPOSITORY}/${kind}/main/${file}${fragment}`;
}
