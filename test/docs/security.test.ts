import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/security.md', 'utf8');
const named = [...page.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path);

test('every test that the threat model names exists', () => {
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test('the threat model lists every test of test/security and test/fuzz', () => {
  const tests = ['security', 'fuzz'].flatMap((folder) =>
    readdirSync(`test/${folder}`)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `test/${folder}/${name}`),
  );
  expect(tests.filter((path) => !named.includes(path))).toEqual([]);
});

test('every row has an attack, a defence and a test', () => {
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| (attack|-)/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  for (const [attack, stopped, shown] of rows) {
    expect(attack).not.toBe('');
    expect(stopped, attack).not.toBe('');
    expect(shown, attack).toMatch(/^`test\//);
  }
});

test('the security policy names private vulnerability reporting, and no e-mail address', () => {
  const policy = readFileSync('SECURITY.md', 'utf8');
  expect(policy).toContain('private vulnerability reporting');
  expect(policy).not.toMatch(/\S+@\S+\.\w+/);
});
