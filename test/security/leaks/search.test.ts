import { expect, test } from 'vitest';
import { leaksIn } from './search.ts';

const SECRETS = { key: 'k3y/of+the issuer', code: 'SPNDNL80R13C555X' };
const CODE = SECRETS.code;

test.each([
  ['nothing', 'a text without secrets', []],
  ['the secret', `for ${CODE}.`, ['code as it is']],
  ['another case', `for ${CODE.toLowerCase()}.`, ['code as it is']],
  ['an address', `/?k=${encodeURIComponent(SECRETS.key)}`, ['key encoded for a URL']],
  ['a form', `k=${new URLSearchParams([['', SECRETS.key]]).toString().slice(1)}`, ['key encoded for a form']],
  ['hex', Buffer.from(`x${CODE}x`).toString('hex').toUpperCase(), ['code in hex']],
])('%s', (_, text, found) => {
  expect(leaksIn(text, SECRETS)).toEqual(expect.arrayContaining(found));
  expect(leaksIn(text, SECRETS).length > 0).toBe(found.length > 0);
});

test('a secret in base64 is found at any offset', () => {
  for (const encoding of ['base64', 'base64url'] as const)
    for (const before of ['', 'a', 'ab', 'abc', 'éé'])
      for (const after of ['', 'z', 'yz'])
        for (const [name, secret] of Object.entries(SECRETS)) {
          const text = Buffer.from(before + secret + after).toString(encoding);
          expect(leaksIn(`"${text}"`, SECRETS).some((leak) => leak.startsWith(`${name} in base64`))).toBe(
            true,
          );
        }
});
