import { isEnumType } from 'graphql';
import { expect, test } from 'vitest';
import { TRANSLATIONS } from '../../src/resolvers/errors/translate-upstream-error.ts';
import { schema } from '../../src/schema/index.ts';
import { DOWNLOAD_ANSWERS } from '../../src/downloads/document-answer.ts';
import { rowsUnder } from '../support/errors-page.ts';

test('docs/reference/errors.md has each line of the table from upstream failures to errors', () => {
  const rows = TRANSLATIONS.map(({ operation, kind, detail, name }) => [operation, kind, detail ?? '', name]);
  expect(rowsUnder('From an upstream failure to an error')).toEqual(rows);
});

test('docs/reference/errors.md has exactly the error codes of the schema', () => {
  const type = schema.getType('ErrorCode');
  const codes = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
  const documented = rowsUnder('In the result of a mutation').map(([, code]) => code);
  expect(documented.toSorted()).toEqual(codes.toSorted());
});

test('docs/reference/errors.md has every error code of documents with its status', () => {
  const documented = rowsUnder('For documents').map(([code, status]) => [code, Number(status)]);
  const codes = Object.entries(DOWNLOAD_ANSWERS).map(([code, { status }]) => [code, status]);
  expect(documented).toEqual(codes);
});
