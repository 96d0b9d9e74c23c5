import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readPage } from './support-pages.ts';

const source = globSync('src/**/*.ts')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

test('every message that the log reference names is in the source', () => {
  const cells = [
    ...readPage('docs/reference/logging.md')
      .section('Other lines')
      .matchAll(/^\| (`.*?`) +\|/gm),
  ];
  const messages = cells.flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
  );
  expect(messages.length).toBeGreaterThan(10);
  // Messages end with "…" where a cause follows. `warning` is the event of Node.
  const missing = messages.filter((text) => !source.includes(text.replace(/…$/, '')));
  expect(missing).toEqual([]);
});
