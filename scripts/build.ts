import { execFileSync } from 'node:child_process';
import { cpSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as clientOperations from '../client/operations.ts';
import { bundleClient } from './bundle-client.ts';
import { bundlePackages } from './bundle-packages.ts';
import { documentsManifest } from './documents-manifest.ts';

/*
 * Builds `dist/`, which the published package runs, because Node does not strip types below node_modules. The checkout itself
 * needs no build.
 */
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
rmSync('dist', { recursive: true, force: true });
for (const project of ['tsconfig.build.json', 'client'])
  execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
await bundleClient('dist/client/sigillo-client.js');
writeFileSync('dist/client/documents.json', documentsManifest(clientOperations));
// Files that the code reads at run time, and files that its types reference, at the same relative paths.
for (const file of globSync(['examples/*.*', 'mocks/**/*.{yaml,operations.json}', '{src,mocks}/**/*.d.ts']))
  cpSync(file, `dist/${file}`);
execFileSync(process.execPath, ['scripts/build-web.ts'], { stdio: 'inherit' });
cpSync('web/dist', 'dist/web/dist', { recursive: true });
await bundlePackages('dist');
