import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createScrubber, withoutValues } from '../../../../src/observability/logging/scrubber.ts';

const KEY = 'k3y+of/the=issuer?&"\\x';
const scrub = createScrubber([KEY, '0123456789abcdef0123456789abcdef']);

test.each([
  ['as it is', KEY],
  ['in upper case', KEY.toUpperCase()],
  ['encoded for a URL', encodeURIComponent(KEY)],
  ['in JSON', JSON.stringify(KEY).slice(1, -1)],
  ['in hex', Buffer.from(KEY).toString('hex')],
  ['in base64', Buffer.from(KEY).toString('base64').replaceAll('=', '')],
])('a secret is removed %s', (_, form) => {
  expect(scrub(`before ${form} after`)).toMatch(/^before \[secret\]\w? after$/);
});

test.each(['base64', 'base64url'] as const)('in %s it is found at any offset', (encoding) => {
  for (const before of ['', 'a', 'ab', 'abc'])
    for (const after of ['', 'z', 'yz', 'xyz']) {
      const text = Buffer.from(`{"${before}":"${KEY}${after}"}`).toString(encoding);
      const left = scrub(text).replaceAll('[secret]', '');
      expect(Buffer.from(left, encoding).toString('latin1')).not.toMatch(/k3y|issuer/);
      expect(scrub(text)).toContain('[secret]');
    }
});

test('several secrets are all removed, also if one is the prefix of another', () => {
  const both = withoutValues(['abcdefgh', 'abcdefghijkl', 'ijklmnop']);
  expect(both('abcdefghijkl abcdefgh abcdefghijklmnop')).toBe('[secret] [secret] [secret]mnop');
});

test('ordinary words are not secrets', () => {
  expect(createScrubber(['sandbox', 'key', ''])('the key of the sandbox')).toBe('the key of the sandbox');
});

test('letters whose length depends on the case do not shift the match', () => {
  expect(withoutValues(['abcdefgh'])('İİİabcdefghİİİ')).toBe('İİİ[secret]İİİ');
});

test('only the secrets in a text are changed', () => {
  const secret = fc.stringMatching(/^[\x21-\x7e]{8,40}$/);
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (key, before, after) => {
      const clean = withoutValues([key]);
      const text = `${before}${key}${after}`;
      expect(clean(text)).toContain('[secret]');
      expect(clean(text).toLowerCase()).not.toContain(key.toLowerCase());
      if (!before.toLowerCase().includes(key.toLowerCase())) {
        expect(clean(before)).toBe(before);
      }
    }),
    { seed: 1, numRuns: 2_000 },
  );
});

test('a text that consists of an encoded secret is searched', () => {
  const secret = fc
    .string({ unit: 'grapheme', minLength: 8, maxLength: 12 })
    .filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(secret, (key) => {
      const bytes = Buffer.from(key);
      const base64 = bytes.toString('base64').replaceAll('=', '');
      for (const form of [key, encodeURIComponent(key), bytes.toString('hex'), base64])
        expect(withoutValues([key])(form)).toMatch(/^\[secret\].?$/);
    }),
    { seed: 3, numRuns: 2_000 },
  );
});

test('a line of JSON is still JSON after a secret is removed', () => {
  const secret = fc.stringMatching(/^[\x20-\x7e]{8,30}$/);
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (key, before, after) => {
      const line = JSON.stringify({ text: `${before}${key}${after}`, [key]: 1 });
      expect(() => JSON.parse(createScrubber([key])(line)) as unknown).not.toThrow();
    }),
    { seed: 2, numRuns: 2_000 },
  );
});

test('hundreds of secrets cost little more than one', () => {
  const keys = Array.from({ length: 500 }, (_, nth) => `issuer-key-number-${nth}-${nth * 7919}`);
  const [one, all] = [createScrubber(keys.slice(0, 1)), createScrubber(keys)];
  const line = JSON.stringify({ a: 'some words of a line in the log '.repeat(12), b: keys[321] });
  const time = (clean: (text: string) => string): number => {
    const startedAt = performance.now();
    for (let nth = 0; nth < 2_000; nth += 1) clean(line);
    return performance.now() - startedAt;
  };
  time(one);
  time(all);
  expect(time(all)).toBeLessThan(10 * time(one) + 50);
  expect(all(line)).toContain('"b":"[secret]"');
});
