import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { installWebPackages, removeWebPackages } from './web-packages.ts';

/*
 * Builds the pages of `web/` into `web/dist`, unless they are those of the current sources. Installs the packages of `web/` for
 * it, unless they are installed.
 *
 * node scripts/build-web.ts [--remove-packages]
 *   --remove-packages   removes the packages that it installed, so that `npm ci` leaves the built pages only
 */
const ROOT = dirname(import.meta.dirname);
const OUTPUT = resolve(ROOT, 'web/dist');
/** In the output: the digest of the sources that it was built from. */
const DIGEST_FILE = 'sources.sha256';
const SOURCES = [
  'web/**/*',
  'client/*.ts',
  'examples/*.{graphql,json,pdf}',
  'schema.graphql',
  'package-lock.json',
  'scripts/{build-web,documents-manifest}.ts',
];
const NOT_SOURCES = ['web/dist*', 'web/node_modules'];
const COMPRESSED = /\.(?:css|html|js|mjs|svg|ttf|wasm)$/;

function digestOfSources(): string {
  const hash = createHash('sha256');
  const files = globSync(SOURCES, { cwd: ROOT, exclude: NOT_SOURCES }).toSorted();
  for (const file of files) {
    const path = resolve(ROOT, file);
    if (statSync(path).isFile()) hash.update(file).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function isCurrent(digest: string): boolean {
  const file = resolve(OUTPUT, DIGEST_FILE);
  return existsSync(file) && readFileSync(file, 'utf8') === digest;
}

async function build(digest: string): Promise<void> {
  // Several processes may build at the same time: each has a folder of its own, and the last one stays.
  const folder = `${OUTPUT}-${process.pid}`;
  try {
    // A test would otherwise build React for development.
    process.env['NODE_ENV'] = 'production';
    const { build: viteBuild } = await import('vite');
    await viteBuild({
      configFile: resolve(ROOT, 'web/vite.config.ts'),
      logLevel: 'error',
      build: { outDir: folder, emptyOutDir: true },
    });
    for (const file of globSync('**/*', { cwd: folder }).filter((name) => COMPRESSED.test(name)))
      writeFileSync(
        resolve(folder, `${file}.gz`),
        gzipSync(readFileSync(resolve(folder, file)), { level: 9 }),
      );
    writeFileSync(resolve(folder, DIGEST_FILE), digest);
    rmSync(OUTPUT, { recursive: true, force: true });
    renameSync(folder, OUTPUT);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns whether the packages were installed for it */
function installPackages(): boolean {
  try {
    return installWebPackages();
  } catch (error) {
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    process.stderr.write(`failed.\n${words}`);
    process.stderr.write(
      'The packages of the web pages could not be installed. The gateway works without the pages; its next start tries again.\n',
    );
    process.exit(1);
  }
}

const digest = digestOfSources();
if (!existsSync(resolve(ROOT, 'node_modules/vite'))) {
  process.stderr.write(
    'The web pages are not built, because the development dependencies are not installed.\n',
  );
} else if (!isCurrent(digest)) {
  const start = performance.now();
  process.stderr.write('Building the web pages, once per change: ');
  const isInstalledHere = installPackages();
  try {
    await build(digest);
  } finally {
    if (isInstalledHere && process.argv.includes('--remove-packages')) removeWebPackages();
  }
  process.stderr.write(`${Math.ceil((performance.now() - start) / 1_000)} s\n`);
}
