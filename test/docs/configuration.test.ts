import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFIGURATION_PAGE, configurationPage } from '../../scripts/configuration-page.ts';
import { variablesByArea } from '../../src/config/load.ts';

test('the configuration reference is generated from the schemas (npm run docs:print)', async () => {
  expect(readFileSync(CONFIGURATION_PAGE, 'utf8')).toBe(await configurationPage());
});

test('the description of every variable is a sentence', () => {
  for (const [name, schema] of Object.values(variablesByArea).flatMap((area) => Object.entries(area))) {
    expect(schema.description, name).toMatch(/^[A-Z`].*[.)]$/);
  }
});
