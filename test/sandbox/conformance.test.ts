import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFORMANCE_PAGE, conformancePage, conformanceRows } from '../../scripts/conformance.ts';

test('the conformance page is up to date (npm run conformance:print)', async () => {
  expect(readFileSync(CONFORMANCE_PAGE, 'utf8')).toBe(await conformancePage());
});

test('each rule appears once, as a sentence', () => {
  const rules = conformanceRows().map(({ chapter, rule }) => `${chapter}: ${rule}`);
  expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([]);
  for (const { rule } of conformanceRows()) expect(rule).toMatch(/\.$/);
});
