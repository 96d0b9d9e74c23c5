import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** Pages of the site, by their paths in the repository. */
export const pages: readonly string[] = [
  'README.md',
  'README.it.md',
  ...globSync('docs/**/*.md', { cwd: ROOT }),
];

/** The path of a page in the site: `docs/guide/sandbox.md` is `guide/sandbox.md`. */
export function siteOf(page: string): string {
  if (page === 'README.md') return 'index.md';
  if (page === 'README.it.md') return 'it/index.md';
  return page.slice('docs/'.length);
}

/** The Italian page of an English one, by the paths in the repository. */
export const italianOf = (page: string): string =>
  page === 'README.md' ? 'README.it.md' : page.replace(/^docs\//, 'docs/it/');

export const isItalian = (page: string): boolean => siteOf(page).startsWith('it/');

/** Pages without an Italian translation, by their paths in the site. */
export const untranslated: readonly string[] = pages
  .filter((page) => !isItalian(page) && !pages.includes(italianOf(page)))
  .map(siteOf);

/** The first heading of a page. */
export function titleOf(page: string): string {
  const title = /^# (.+)$/m.exec(readFileSync(`${ROOT}/${page}`, 'utf8'))?.[1];
  if (title === undefined) throw new Error(`${page} has no heading: add one that starts with "# "`);
  return title;
}
