import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, fingerprintOf, nameOf } from '../../../src/idempotency/idempotency-store.ts';
import type { Input } from '../../../src/idempotency/idempotency-store.ts';

const scope = {
  realm: 'https://service',
  tenant: 'roma',
  caller: ['jwt', 'ana'],
  operation: 'createDossier',
  key: 'k1',
};

test('equal inputs have one fingerprint, in any order of names and with null or absent values', () => {
  const print = (input: Input): string => fingerprintOf('key', input);
  const base = { title: 'Contratti', documents: [{ title: 'A', fields: [] }, { title: 'B' }] };
  const same: Input[] = [
    { documents: [{ fields: [], title: 'A' }, { title: 'B' }], title: 'Contratti' },
    { ...base, supportEmail: undefined },
    { ...base, supportEmail: null },
  ];
  for (const input of same) expect(print(input)).toBe(print(base));
  const other: Input[] = [
    { ...base, title: 'Contratti ' },
    { ...base, documents: base.documents.toReversed() },
    {
      ...base,
      documents: [
        { title: 'A', fields: [] },
        { title: 'B', fields: [] },
      ],
    },
    { ...base, supportEmail: '' },
  ];
  expect(new Set([base, ...other].map(print)).size).toBe(1 + other.length);
});

test('inputs with the same canonical form are equal', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonical(value as Input);
      expect(canonical(JSON.parse(text))).toBe(text);
    }),
  );
});

test('an input cannot be guessed from its fingerprint without the key', () => {
  const input = { fiscalCode: 'SPNDNL80R13C555X' };
  expect(fingerprintOf('one key', input)).toMatch(/^[\da-f]{64}$/);
  expect(fingerprintOf('one key', input)).not.toBe(fingerprintOf('another key', input));
});

test('the same key of another caller, operation or service is a different key', () => {
  const others = [
    { realm: 'https://other' },
    { tenant: undefined },
    { tenant: 'milano' },
    { caller: ['jwt', 'bea'] },
    { caller: ['api-key', 'ana'] },
    { caller: undefined },
    { operation: 'notifySigner' },
    { key: 'k2' },
  ];
  const names = [scope, ...others.map((other) => ({ ...scope, ...other }))].map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[\da-f]{64}$/);
});
