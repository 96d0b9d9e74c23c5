import { expect, test } from 'vitest';
import { asciiJson } from '../../../../mocks/sandbox/http/ascii-json.ts';

test.each([
  [['è 😀'], 100, '["\\u00e8 \\ud83d\\ude00"]'],
  [['one', 'two', 'three'], 23, '["one","two","three"]'],
  [['one', 'two', 'three'], 20, '["one","and 2 more"]'],
  [['a very long one'], 16, '["and 1 more"]'],
  [['line\nbreak\r\n'], 100, '["line\\nbreak\\r\\n"]'],
])('writes %j in %i characters of ASCII', (texts, maxLength, expected) => {
  expect(asciiJson(texts, maxLength)).toBe(expected);
});
