import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/security.md', 'utf8');
const named = [...page.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path);

test('every test that the threat model names is there', () => {
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test('every attack that is tested is in the threat model', () => {
  const tests = ['security', 'fuzz'].flatMap((folder) =>
    readdirSync(`test/${folder}`)
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `test/${folder}/${name}`),
  );
  expect(tests.filter((path) => !named.includes(path))).toEqual([]);
});

test('every row says what is stopped, by what, and where that is shown', () => {
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

test('who finds a weakness is told how to report it, by no address that was made up', () => {
  const policy = readFileSync('SECURITY.md', 'utf8');
  expect(policy).toContain('private vulnerability reporting');
  expect(policy).not.toMatch(/\S+@\S+\.\w+/);
});
