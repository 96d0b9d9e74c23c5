import { expect, test } from 'vitest';
import { INPUTS, LEAST_INPUTS } from './support-budget.ts';

test('together the suites try at least 10,000 inputs', () => {
  const inputs = Object.values(INPUTS).flatMap((suite): number[] => Object.values(suite));
  expect(inputs.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(LEAST_INPUTS);
});
