import { readFileSync } from 'node:fs';

type Word = 'yes' | 'own' | 'no';

/** The table of roles in `docs/guide/authentication.md`: field → role → cell. */
export function rolesTable(): Map<string, Readonly<Record<string, Word>>> {
  const page = readFileSync('docs/guide/authentication.md', 'utf8');
  const section = page.split('\n## Roles\n')[1]?.split('\n## ')[0] ?? '';
  const [head = [], , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
  return new Map(
    rows.map(([field = '', ...words]) => [
      field,
      Object.fromEntries(words.map((word, index) => [head[index + 1] ?? '', wordOf(word)])),
    ]),
  );
}

function wordOf(text: string): Word {
  if (text === 'yes' || text === 'own' || text === 'no') return text;
  throw new TypeError(`the table of roles has a cell "${text}"`);
}
