import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { figuresOfFiles } from '../../scripts/structure-figures.ts';
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

/** The table is written by hand. It need not change with every file, but must not become wrong. */
const isCurrent = (shown: string, now: string | number): boolean =>
  typeof now === 'string' ? shown === now : Math.abs(Number(shown) - now) <= Math.max(2, now / 20);

test('the table of figures has the aims, and values within a twentieth (npm run structure)', () => {
  const rows = new Map(
    page
      .section('Structure in figures')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, name = '', value = '', aim = '']) => [name, { value, aim }]),
  );
  for (const [name, now, aim] of figuresOfFiles().figures) {
    expect(rows.get(name)?.aim, name).toBe(aim);
    expect(isCurrent(rows.get(name)?.value ?? '', now), `${name}: ${now}`).toBe(true);
  }
});
