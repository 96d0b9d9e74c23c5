import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage } from './support-pages.ts';

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { exclude: ['**/node_modules/**'] });

test.each(pages)('%s links to files that exist', (file) => {
  const missing = readPage(file).links.filter((target) => !existsSync(join(dirname(file), target)));
  expect(missing).toEqual([]);
});

test('every page that code, tests and scripts name exists', () => {
  const files = globSync('{src,mocks,test,scripts,bench,examples}/**/*.{ts,mjs,js,sh,yaml,conf,service}', {
    exclude: ['**/node_modules/**'],
  });
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => `${file}: ${page}`),
  );
  expect(named.filter((line) => !existsSync(line.split(': ')[1] ?? ''))).toEqual([]);
});

test.each(pages)('%s links to headings that exist', (file) => {
  const missing = readPage(file).anchors.filter(
    ({ target, anchor }) => !headingsOf(target === '' ? file : join(dirname(file), target)).has(anchor),
  );
  expect(missing).toEqual([]);
});

/** The anchors that GitHub gives to the headings of a page. */
function headingsOf(file: string): Set<string> {
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{M}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
