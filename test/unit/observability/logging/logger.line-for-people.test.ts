import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { lineForPeople, createLogger } from '../../../../src/observability/logging/logger.ts';
import { createRequestScope, forRequest } from '../../../../src/observability/logging/request-scope.ts';

/** The line as a terminal shows it. */
function shown(write: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  write(createLogger({ level: 'trace', write: (line) => (text += lineForPeople(line)) }));
  return stripVTControlCharacters(text).replace(/^\d\d:\d\d:\d\d /, '');
}

const REQUEST = { outcome: 'ok', errors: [], status: 200, durationMs: 38.2 };

test.each<[string, object, string]>([
  [
    'an operation with its calls',
    {
      operation: { type: 'mutation', name: 'FindSigner', fields: ['findSigner'] },
      ...REQUEST,
      upstream: { calls: 1, durationMs: 35.9 },
      caller: { kind: 'none' },
    },
    'info  mutation FindSigner: ok, 38 ms, 1 call in 36 ms',
  ],
  [
    'an operation without a name, with errors',
    {
      operation: { type: 'query', fields: ['dossier', 'signatureRequest'] },
      ...REQUEST,
      outcome: 'failed',
      errors: ['UPSTREAM_TIMEOUT', 'FORBIDDEN'],
      upstream: { calls: 2, durationMs: 1 },
    },
    'info  query dossier, signatureRequest: failed UPSTREAM_TIMEOUT FORBIDDEN, 38 ms, 2 calls in 1 ms',
  ],
  [
    'a refused request',
    { method: 'POST', ...REQUEST, outcome: 'refused', errors: ['UNAUTHENTICATED'], status: 401 },
    'info  POST 401: refused UNAUTHENTICATED, 38 ms',
  ],
  ['anything else', { code: 'A', n: 1, list: ['x'] }, 'info  words code="A" n=1 list=["x"]'],
])('%s is one readable line', (_, facts, words) => {
  expect(shown((logger) => logger.info(facts, 'words'))).toBe(`${words}\n`);
});

test('the request id comes last', () => {
  const scope = createRequestScope('r-1');
  expect(shown((logger) => forRequest(scope, () => logger.warn('careful')))).toBe('warn  careful (r-1)\n');
});

test('control characters are escaped', () => {
  const hostile = '\u001b[2J\u009b2J\r\n\u2028\u202e';
  const text = shown((logger) => logger.error({ hostile }, hostile));
  expect(text).toMatch(/^[ -~]*\n$/);
});
