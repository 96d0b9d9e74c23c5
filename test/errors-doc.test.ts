import { readFileSync } from 'node:fs';
import { isEnumType } from 'graphql';
import { expect, test } from 'vitest';
import { TRANSLATIONS } from '../src/resolvers/translate-upstream-error.ts';
import { schema } from '../src/schema/index.ts';

const page = readFileSync('docs/errors.md', 'utf8');
/** Rows of the tables under a heading, cells without padding and code marks. */
const rowsUnder = (heading: string): string[][] =>
  (page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );

test('docs/errors.md has the table from failures of the service to errors, line by line', () => {
  const rows = TRANSLATIONS.map(({ operation, kind, detail, name }) => [operation, kind, detail ?? '', name]);
  expect(rowsUnder('From a failure of the service to an error')).toEqual(rows);
});

test('docs/errors.md has every error code of the schema and no other', () => {
  const type = schema.getType('ErrorCode');
  const codes = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
  const documented = rowsUnder('In the result of a mutation').map(([, code]) => code);
  expect(documented.toSorted()).toEqual(codes.toSorted());
});
