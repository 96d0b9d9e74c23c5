import { globSync, readFileSync } from 'node:fs';

/** A block of code, with its fence. */
const CODE = /^```.*?^```$/gms;

/** Paths of the Italian pages, which have the names of the English ones: `docs/it/guide/sandbox.md`. */
export const translatedPages = (): string[] => globSync('docs/it/**/*.md').toSorted();

/** The path of the English page. */
export const originalOf = (page: string): string => page.replace('docs/it/', 'docs/');

/**
 * A translation with the code of its original.
 * @throws Error if one of them has more blocks of code than the other
 */
export function translatedPage(page: string): string {
  const original = originalOf(page);
  const blocks = readFileSync(original, 'utf8').match(CODE) ?? [];
  const text = readFileSync(page, 'utf8');
  const count = text.match(CODE)?.length ?? 0;
  if (count !== blocks.length)
    throw new Error(
      `${page} has ${count} blocks of code and ${original} has ${blocks.length}: translate what changed`,
    );
  const next = blocks.values();
  return text.replace(CODE, () => next.next().value ?? '');
}
