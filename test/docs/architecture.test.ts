import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readPage } from './support-pages.ts';

const page = readPage('docs/architecture.md');

test('every file that the page names exists', () => {
  const named = [...page.text.matchAll(/\bsrc\/[\w./-]+\.ts\b/g)].map(([path]) => path);
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test('the page has a diagram of the path of a request, a query, an upload, a subscription and a webhook', () => {
  for (const heading of [
    'The edge: every HTTP request',
    'A query',
    'An upload',
    'A subscription',
    'A webhook',
  ]) {
    expect(page.blocks('mermaid', heading), heading).not.toEqual([]);
  }
});
