import { figuresOfFiles } from './structure-figures.ts';
import type { Figure } from './structure-figures.ts';
import { traceUpload } from './trace-upload.ts';

/*
 * Prints figures about the structure of the source, each with its aim. It asserts nothing: docs/architecture.md explains each
 * figure that misses its aim.
 *
 * npm run structure
 */
const { figures, cycles, shared } = figuresOfFiles();
const upload = await traceUpload();
const rows: Figure[] = [
  ...figures,
  ['own files that run for one uploadDocument', upload.files, '55 or fewer'],
  ['own functions that run for one uploadDocument', upload.functions, ''],
];

const width = Math.max(...rows.map(([figure]) => figure.length)) + 2;
for (const [figure, now, aim] of rows) {
  process.stdout.write(`${figure.padEnd(width)}${String(now).padEnd(26)}${aim && `aim: ${aim}`}\n`);
}
for (const cycle of cycles) process.stdout.write(`\nimport cycle: ${cycle.join(', ')}\n`);
for (const [name, paths] of shared) process.stdout.write(`\n${name}: ${paths.join(', ')}`);
process.stdout.write('\n');
