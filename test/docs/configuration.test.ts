import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { CONFIGURATION_PAGE, configurationPage } from '../../scripts/configuration-page.ts';
import { variablesByArea } from '../../src/config/load.ts';

const variables = new Map<string, z.ZodType>(Object.values(variablesByArea).flatMap(Object.entries));

test('the configuration reference is generated from the schemas (npm run docs:print)', async () => {
  expect(readFileSync(CONFIGURATION_PAGE, 'utf8')).toBe(await configurationPage());
});

test('the description of every variable is a sentence', () => {
  for (const [name, schema] of variables) expect(schema.description, name).toMatch(/^[A-Z`].*[.)]$/);
});

/** A default as a page writes it: `5,000` or `100 MiB`. */
function writtenDefaultOf(name: string): string {
  const schema = variables.get(name);
  const value = schema instanceof z.ZodDefault ? Number(schema.def.defaultValue) : Number.NaN;
  return value % 2 ** 20 === 0 ? `${value / 2 ** 20} MiB` : value.toLocaleString('en');
}

test('a limit that a variable sets is given with the default of the variable', () => {
  const page = readFileSync('docs/reference/limits.md', 'utf8');
  const rows = page.split('\n').filter((line) => /`[A-Z]+(_[A-Z]+)+` *(, `\w+` *)*\|$/.test(line));
  const limits = rows.flatMap((row) => {
    const cells = row.split('|').map((cell) => cell.trim());
    const names = cells.at(-2)?.match(/\w+/g) ?? [];
    return names.filter((name) => variables.has(name)).map((name) => ({ name, value: cells[2] }));
  });
  expect(limits.length).toBeGreaterThan(6);
  for (const { name, value } of limits)
    expect(value, name).toMatch(new RegExp(`(?<![\\d,])${writtenDefaultOf(name)}(?![\\d,]\\d)`));
});
