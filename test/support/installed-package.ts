import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The files of the checkout that `npm pack` and its build need. */
const SOURCES = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'src',
  'mocks',
  'scripts',
  'examples',
  'docs',
  'schema.graphql',
  'web',
  'client',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/** A project with the packed package installed: the content of the tarball, with its command and its dependencies. */
export interface InstalledPackage {
  /** The folder of the project, whose files are ES modules. */
  readonly folder: string;
  /** The PATH with this Node and the commands of the project, as in an npm script. */
  readonly env: NodeJS.ProcessEnv;
  /** A file of the installed package. */
  path(...steps: string[]): string;
  remove(): void;
}

/** Builds and packs the checkout. Returns the tarball, in `folder`. */
export async function packPackage(folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const checkout = join(folder, 'checkout');
  // A copy, because the build first removes dist/, which another test may be reading.
  const filter = (path: string): boolean => path !== 'web/node_modules';
  for (const name of SOURCES) cpSync(name, join(checkout, name), { recursive: true, filter });
  symlinkSync(resolve('node_modules'), join(checkout, 'node_modules'));
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: checkout, env });
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
}

/** Takes some seconds: call it once per test file. */
export async function installPackage(): Promise<InstalledPackage> {
  const root = mkdtempSync(join(tmpdir(), 'sigillo-package-'));
  const folder = join(root, 'project');
  const modules = join(folder, 'node_modules');
  const bin = join(modules, '.bin');
  const env = {
    ...process.env,
    PATH: [bin, resolve('node_modules/.bin'), process.env['PATH']].join(delimiter),
  };
  try {
    await run('tar', ['-xzf', await packPackage(root, env)], { cwd: root });
    mkdirSync(bin, { recursive: true });
    await run('mv', [join(root, 'package'), join(modules, 'sigillo')]);
    for (const name of readdirSync('node_modules').filter((name) => !name.startsWith('.'))) {
      symlinkSync(resolve('node_modules', name), join(modules, name));
    }
    symlinkSync('../sigillo/dist/src/main.js', join(bin, 'sigillo'));
    await run('chmod', ['+x', join(modules, 'sigillo/dist/src/main.js')]);
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
  return {
    folder,
    env,
    path: (...steps) => join(modules, 'sigillo', ...steps),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
