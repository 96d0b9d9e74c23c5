import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Expressions that hide the subject or have a standard term, and the term to use. */
const REPLACED: Readonly<Record<string, string>> = {
  '(?:no|some|any|every)body|whoever|someone|anyone':
    'the caller, the client or the operator, or the passive voice',
  'calls? of the service': 'a call to the service, an upstream call',
  'front door': 'gatekeeper',
  shelf: 'spill buffer',
  'deeds?': 'idempotent operation',
  'signs? of life': 'heartbeat',
  'nudges?|hurry|glances?': 'invalidate, poll now, read',
  'suspicions?|leftovers?': 'unresolved call',
  'what to do\\.|how to go on': 'a description with meaning, unit, limit, and when the value is null',
};

const PROSE = [
  '*.md',
  '{docs,examples}/**/*',
  '{src,mocks,test,bench,scripts}/**/*.{ts,yaml}',
  'schema.graphql',
];
const lines = globSync(PROSE, {
  exclude: ['**/node_modules/**', 'test/docs/words.test.ts'],
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`)
  .flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line, index) => `${file}:${index + 1}: ${line.trim()}`),
  );

test.each(Object.entries(REPLACED))('no text contains /%s/: %s', (expression) => {
  const pattern = new RegExp(`\\b(?:${expression})`, 'i');
  expect(lines.filter((line) => pattern.test(line))).toEqual([]);
});
