import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFORMANCE_PAGE, conformancePage, conformanceRows } from '../../scripts/conformance.ts';

test('the page about what the sandbox imitates is the one that is printed from the tests', async () => {
  expect(readFileSync(CONFORMANCE_PAGE, 'utf8')).toBe(await conformancePage());
});

test('each rule stands there once, as a sentence', () => {
  const rules = conformanceRows().map(({ chapter, rule }) => `${chapter}: ${rule}`);
  expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([]);
  for (const { rule } of conformanceRows()) expect(rule).toMatch(/\.$/);
});
