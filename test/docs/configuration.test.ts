import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFIGURATION_PAGE, configurationPage } from '../../scripts/configuration-page.ts';
import { variablesByArea } from '../../src/config/load.ts';

test('the reference of the configuration is what the schemas print (npm run docs:print)', async () => {
  expect(readFileSync(CONFIGURATION_PAGE, 'utf8')).toBe(await configurationPage());
});

test('every variable has a description that is a sentence', () => {
  for (const [name, schema] of Object.values(variablesByArea).flatMap((area) => Object.entries(area))) {
    expect(schema.description, name).toMatch(/^[A-Z`].*[.)]$/);
  }
});
