import { execFileSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';

/*
 * Makes `dist/`, which is what the published package runs: Node does not strip types below node_modules. The checkout
 * itself needs no build.
 */
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// What the code reads at run time and what its types refer to, at the same place beside it.
for (const file of globSync(['examples/*.*', 'mocks/**/*.{yaml,operations.json}', '{src,mocks}/**/*.d.ts']))
  cpSync(file, `dist/${file}`);
