import { readFileSync } from 'node:fs';

const page = readFileSync('docs/reference/errors.md', 'utf8');

/** Rows of the table under a heading of `docs/reference/errors.md`, cells without padding and code marks. */
export const rowsUnder = (heading: string): string[][] =>
  (page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
