import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as labels from '../../../../src/observability/metrics/labels.ts';
import { ERROR_CODES } from '../../../../src/resolvers/errors/codes.ts';
import { rowsUnder } from '../../../support/errors-page.ts';

test('the label values include every documented error code and every operation of the contract', () => {
  const documented = [
    ...rowsUnder('In the result of a mutation').map(([, code]) => code),
    ...rowsUnder('At the top level').map(([code]) => code),
  ];
  expect(new Set(ERROR_CODES)).toEqual(new Set(documented));
  const contract: { paths: Record<string, Record<string, { operationId?: string }>> } = parse(
    readFileSync('mocks/openapi.yaml', 'utf8'),
  );
  const ids = Object.values(contract.paths).flatMap((path) =>
    Object.values(path).flatMap(({ operationId }) => operationId ?? []),
  );
  expect(labels.UPSTREAM_OPERATIONS.filter((name) => !/^(put|get)Blo/.test(name)).toSorted()).toEqual(
    ids.toSorted(),
  );
});
