import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { originalOf, translatedPage, translatedPages } from '../../scripts/translated-page.ts';
import { readPage } from './support-pages.ts';

const pages = translatedPages();

/** The parts of a page that are the same in every language. */
function outlineOf(file: string) {
  const { text, links } = readPage(file);
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  const targets = links.map((target) => (target === '' ? file : join(dirname(file), target)));
  return {
    headings: [...prose.matchAll(/^#+/gm)].map(([level]) => level),
    lists: [...prose.matchAll(/^(?:-|\d+\.) /gm)].length,
    rows: [...prose.matchAll(/^\|/gm)].length,
    // A row whose first cell is code: a name that is not translated.
    code: [
      ...new Set([...prose.replaceAll('\n', ' ').matchAll(/`([^`]+)`/g)].map(([, code]) => code)),
    ].toSorted(),
    names: [...prose.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name),
    links: targets.map((target) => originalOf(target).replace('README.it.md', 'README.md')).toSorted(),
  };
}

test('every page of the guide has an Italian translation', () => {
  expect(pages.filter((page) => page.startsWith('docs/it/guide/')).map(originalOf)).toEqual(
    globSync('docs/guide/*.md').toSorted(),
  );
});

test.each(pages)('%s has the code of its original (npm run docs:print)', (page) => {
  expect(readFileSync(page, 'utf8')).toBe(translatedPage(page));
});

test.each(pages)('%s has the headings, lists, tables, code and links of its original', (page) => {
  expect(outlineOf(page)).toEqual(outlineOf(originalOf(page)));
});
