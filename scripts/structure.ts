import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { cyclesIn, importsBelow, sourceFilesBelow } from './import-graph.ts';
import { traceUpload } from './trace-upload.ts';

/*
 * Prints figures about the structure of the source, each with its aim. It asserts nothing: docs/architecture.md explains each
 * figure that misses its aim.
 *
 * npm run structure
 */
const SMALL_LINES = 30;
const LONG_LINE = 200;

const lines = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

function entriesOfSource(): string {
  const entries = readdirSync('src', { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).length;
  return `${entries.length} (${folders} folders, ${entries.length - folders} files)`;
}

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
const upload = await traceUpload();

const rows: [figure: string, now: string | number, aim: string][] = [
  ['entries directly under src', entriesOfSource(), 'about 14, with 2 or 3 files'],
  ['source files in src', files.length, 'about 170'],
  [`… of at most ${SMALL_LINES} lines`, small.length, 'few'],
  ['… with exactly one importer', importedOnce.length, 'few'],
  ['Yoga plugins', plugins.length, 'about 10'],
  ['own files that run for one uploadDocument', upload.files, '55 or fewer'],
  ['own functions that run for one uploadDocument', upload.functions, ''],
  ['groups of files that import one another', cycles.length, '0'],
  ['base names used twice or more', shared.length, 'few'],
  ['lines of README.md', readme.length, '150 or fewer'],
  [`… of over ${LONG_LINE} characters`, readme.filter(({ length }) => length > LONG_LINE).length, 'few'],
];

const width = Math.max(...rows.map(([figure]) => figure.length));
for (const [figure, now, aim] of rows) {
  process.stdout.write(`${figure.padEnd(width)}  ${String(now).padEnd(24)}${aim && `aim: ${aim}`}\n`);
}
for (const cycle of cycles) process.stdout.write(`\nimport cycle: ${cycle.join(', ')}\n`);
for (const [name, paths] of shared) process.stdout.write(`\n${name}: ${paths.join(', ')}`);
process.stdout.write('\n');
