import { existsSync, globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage } from './support-pages.ts';

test.each(globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md']))('%s links to files that exist', (file) => {
  const missing = readPage(file).links.filter((target) => !existsSync(join(dirname(file), target)));
  expect(missing).toEqual([]);
});
