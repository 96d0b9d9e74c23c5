import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { holdsFiscalCode, scrub } from '../../../../src/observability/logging/scrubber.ts';

const CODE = 'SPNDNL80R13C555X';

test.each([
  ['as it is', CODE],
  ['in lower case', CODE.toLowerCase()],
  ['in mixed case', 'SpnDnl80r13C555x'],
  ['with letters for digits (omocodia)', 'SPNDNLULRMPCRRRX'],
  ['in the form of the manual', 'AAABBB00A00A000A'],
  ['with a letter that is not a month', 'SPNDNL80Z13C555X'],
])('a fiscal code is removed %s', (_, code) => {
  expect(scrub(code)).toBe('[fiscal code]');
  expect(scrub(`Variable "$${code}" of “${code}”, and ${code}.`)).toBe(
    'Variable "$[fiscal code]" of “[fiscal code]”, and [fiscal code].',
  );
});

test.each([
  [`find${CODE}`, 'find[fiscal code]'],
  [`${CODE}_2`, '[fiscal code]_2'],
  [`cf${CODE.toLowerCase()}x`, 'cf[fiscal code]x'],
  [`TINIT-${CODE}`, 'TINIT-[fiscal code]'],
  [`20260315${CODE}.pdf`, '20260315[fiscal code].pdf'],
  [`${CODE}${CODE}`, '[fiscal code][fiscal code]'],
  ['findSpnDnl80r13C555x', 'find[fiscal code]'],
  ['findSPNDNLULRMPCRRRX', 'find[fiscal code]'],
])('a fiscal code in %s is found', (text, scrubbed) => {
  expect(scrub(text)).toBe(scrubbed);
});

test('no name of the schema contains a fiscal code', () => {
  const names = new Set(readFileSync('schema.graphql', 'utf8').match(/\w+/g));
  expect([...names].filter((name) => scrub(name) !== name)).toEqual([]);
});

describe('URLs and tokens', () => {
  const SAS = 'https://s.blob.example/uploads/01J?sv=2026&se=2026-01-01T10%3A15%3A00Z&sp=racw&sig=aB%2Bc%3D';
  test.each([
    ['a pre-signed URL', `PUT ${SAS} failed`, 'PUT [signed address] failed'],
    ['a URL with the signature first', 'at http://h/x?sig=abc&sp=r.', 'at [signed address]'],
    ['a URL in quotes', `{"url":"${SAS}"}`, '{"url":"[signed address]"}'],
    ['a part of a URL', '…&sp=r&sig=aB%2Bc%3D', '…&sp=r&[signature]'],
    ['an encoded URL', encodeURIComponent('x?sp=r&sig=abc'), 'x%3Fsp%3Dr%26[signature]'],
    ['a token', 'token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl!', 'token [token]!'],
    ['a truncated URL', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOi', '[token]'],
    ['a header', 'authorization: Bearer k3y-of-a-caller', 'authorization: [token]'],
    [
      'a password',
      'redis://sigillo:pa55w0rd@redis.example:6379/0',
      'redis://[password]@redis.example:6379/0',
    ],
  ])('%s is removed', (_, text, scrubbed) => {
    expect(scrub(text)).toBe(scrubbed);
  });
});

test.each([
  ['a ULID', '01KJYMD75M8Q4V6W9X0Y2Z7A1C'],
  // The same id with a random part in the form of a fiscal code.
  ['a ULID that looks like one', '01KJYMD75MRSSMRA80A01H501C'],
  ['a UUID', '0b9ff6f0-9f39-4b0a-8d8c-0a2f2c6c3a11'],
  ['a trace id', '4bf92f3577b34da6a3ce929d0e0e4736'],
  ['words', 'Basic terms of a contract, significant=yes, design=no. Bearer realm="sigillo"'],
  ['an address', 'http://127.0.0.1:4010/api/v1/sign/dossiers?limit=10'],
  ['a mail address', 'urp@comune.example.it'],
])('%s is not changed', (_, text) => {
  expect(scrub(text)).toBe(text);
});

test('in a URL a fiscal code is found between separators, and not inside a longer word', () => {
  expect(holdsFiscalCode(`x=${CODE.toLowerCase()}&y`)).toBe(true);
  expect(holdsFiscalCode(`x_${CODE}_`)).toBe(true);
  expect(holdsFiscalCode(`eyJhZnRlciI6Ik${CODE}wQ`)).toBe(false);
});

test('hostile texts are processed quickly', () => {
  const texts = [
    'https://'.repeat(2_000),
    `https://${'a'.repeat(16_000)}`,
    'A'.repeat(16_000),
    'eyJ'.repeat(5_000),
    `://${'x@'.repeat(8_000)}`,
    'bearer '.repeat(2_000),
    CODE.slice(0, 15).repeat(1_000),
  ];
  for (const text of texts) {
    const startedAt = performance.now();
    scrub(text);
    expect(performance.now() - startedAt, text.slice(0, 20)).toBeLessThan(500);
  }
});
