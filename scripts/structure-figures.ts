import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { cyclesIn, importsBelow, sourceFilesBelow } from './import-graph.ts';

/** A figure about the structure of the source: its name, value and aim. */
export type Figure = readonly [name: string, value: string | number, aim: string];

const SMALL_LINES = 30;
const LONG_LINE = 200;

const lines = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

function entriesOfSource(): string {
  const entries = readdirSync('src', { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).length;
  return `${entries.length} (${folders} folders, ${entries.length - folders} files)`;
}

/** The figures that the files alone determine, with the import cycles and the base names that are used twice or more. */
export function figuresOfFiles() {
  const files = sourceFilesBelow('src');
  const imports = importsBelow('src');
  const importersOf = Map.groupBy(imports, ({ to }) => to);
  const importedOnce = files.filter(
    (file) => new Set(importersOf.get(file)?.map(({ from }) => from)).size === 1,
  );
  const small = files.filter((file) => lines(file).length <= SMALL_LINES);
  const names = Map.groupBy([...files, ...sourceFilesBelow('mocks')], (file) => basename(file));
  const shared = [...names].filter(([name, { length }]) => length > 1 && name !== 'index.ts');
  const plugins = files.flatMap(
    (file) => readFileSync(file, 'utf8').match(/^(?:export )?function use[A-Z]\w*\(/gm) ?? [],
  );
  const readme = lines('README.md');
  const cycles = [...cyclesIn(imports), ...cyclesIn(importsBelow('mocks'))];
  const figures: Figure[] = [
    ['entries directly under src', entriesOfSource(), 'about 14, with 2 or 3 files'],
    ['source files in src', files.length, 'about 170'],
    [`… of at most ${SMALL_LINES} lines`, small.length, 'few'],
    ['… with exactly one importer', importedOnce.length, 'few'],
    ['Yoga plugins', plugins.length, 'at most 10'],
    ['groups of files that import one another', cycles.length, '0'],
    ['base names used twice or more', shared.length, 'few'],
    ['lines of README.md', readme.length, '150 or fewer'],
    [`… of over ${LONG_LINE} characters`, readme.filter(({ length }) => length > LONG_LINE).length, 'few'],
  ];
  return { figures, cycles, shared };
}
