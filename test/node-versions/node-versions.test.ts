import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packPackage } from '../support/installed-package.ts';

const run = promisify(execFile);

const { engines, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const { version: CURRENT, optionalDependencies } = JSON.parse(
  readFileSync('tools/node/package.json', 'utf8'),
);
const [major = 0, minor = 0] = engines.node.slice('>='.length).split('.').map(Number);

/** Versions of Node that cannot run Sigillo, up to the last one, and the first that can. */
const OLD = ['20', '22.17', '22', `${major}.${minor - 1}`];
const OLDEST = `${major}.${minor}`;
const SUPPORTED = [OLDEST, CURRENT];

const root = mkdtempSync(join(tmpdir(), 'sigillo-node-versions-'));
const project = join(root, 'project');
afterAll(() => rmSync(root, { recursive: true, force: true }), 600_000);

/** The npm package that contains Node for this platform, which `tools/node` installs. */
const nodePackage = Object.keys(optionalDependencies).find((name) =>
  name.endsWith(`${process.platform}-${process.arch}`),
);

/** The PATH without the folders that npm adds. */
const PATH = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

/** A folder with this Node in `node_modules/.bin`. */
const folderOf = (version: string): string =>
  version === CURRENT ? process.cwd() : join(root, `node-${version}`);

/** The environment of a machine with this Node. */
const machineWith = (version: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [join(folderOf(version), 'node_modules/.bin'), PATH].join(delimiter),
});

/** Runs a command there. Returns what it printed, and its exit code. */
async function runWith(version: string, command: string, args: readonly string[], cwd = project) {
  const { stdout, stderr, code } = await run(command, args, { cwd, env: machineWith(version) }).then(
    (output) => ({ ...output, code: 0 }),
    (failure: unknown) => failure as { stdout: string; stderr: string; code: number },
  );
  return { stdout, stderr, code };
}

/** A program that imports each entry of the package. It prints what `sigillo/client`, the sandbox and its PDF worker answer. */
const SUITE = `import { startGateway } from 'sigillo';
import { SigilloClient } from 'sigillo/client';
import { startSandbox } from 'sigillo/testing';
const sandbox = await startSandbox();
const headers = { 'ocp-apim-subscription-key': 'any' };
const missing = await fetch(sandbox.url + '/dossiers/x', { headers });
const form = new FormData();
form.append('document', new Blob(['no PDF'], { type: 'application/pdf' }), 'a.pdf');
const validated = await fetch(sandbox.url + '/validate-document', { method: 'POST', headers, body: form });
const gateway = await startGateway({ PORT: '0', SANDBOX_URL: sandbox.url, LOG_LEVEL: 'error', GRAPHIQL: 'off' });
const client = new SigilloClient({ url: gateway.url });
await client.watch('01JMD4XYEJ4TCMM7YJ5F0JB0XX').next().catch(({ code }) => console.log(code));
await gateway.close();
console.log(missing.status, await validated.text());
await sandbox.close();
`;
const ANSWERS = 'NOT_FOUND\n404 {"title":"Internal Server Error","detail":"Error","status":500}\n';

const TYPED_SUITE = `import type { RunningGateway } from 'sigillo';
import type { ClientOptions } from 'sigillo/client';
import type { Sandbox } from 'sigillo/testing';
${SUITE.replace('const sandbox =', 'const sandbox: Sandbox =').replace('const gateway =', 'const gateway: RunningGateway =')}
export const options: ClientOptions = { url: gateway.url };
`;

/** CommonJS can load ES modules in each supported Node. */
const COMMONJS_SUITE = `const { startSandbox } = require('sigillo/testing');
console.log(typeof require('sigillo').startGateway, typeof require('sigillo/client').SigilloClient);
startSandbox().then((sandbox) => sandbox.close());
`;

const FILES = {
  'suite.js': SUITE,
  'suite.ts': TYPED_SUITE,
  'suite.cjs': COMMONJS_SUITE,
};

let tarball = '';

beforeAll(async () => {
  for (const version of [...OLD, OLDEST]) {
    mkdirSync(folderOf(version));
    writeFileSync(join(folderOf(version), 'package.json'), '{}');
    await run('npm', ['install', '--no-audit', '--no-fund', `${nodePackage}@${version}`], {
      cwd: folderOf(version),
    });
  }
  tarball = await packPackage(root, process.env);
  mkdirSync(project);
  const scripts = { 'node-version': 'node --version', gateway: 'sigillo' };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', scripts }));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(project, name), text);
  const types = `@types/node@${devDependencies['@types/node']}`;
  await runWith('20', 'npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball, types]);
}, 600_000);

describe.each(OLD)('with Node %s', (version) => {
  const sentence = new RegExp(
    `^Sigillo requires Node ${OLDEST} or later; this is v${version.replace('.', '\\.')}\\.[\\d.]+\\.$`,
    'm',
  );

  test.each([[[]], [['sandbox']], [['--version']]])(
    'the command of the installed package prints the required Node in one line: %j',
    async (args) => {
      const { stdout, stderr, code } = await runWith(version, 'node_modules/.bin/sigillo', args);
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr.trimEnd()).toMatch(sentence);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    },
  );

  test('sigillo/testing fails with an error that names the required Node', async () => {
    const words = await runWith(version, 'node', [
      '--eval',
      `import('sigillo/testing').catch((error) => console.log(error.message))`,
    ]);
    expect(words.stdout.trimEnd()).toMatch(sentence);
  });

  test('npm scripts of a checkout run on the Node that npm ci has installed', async () => {
    const { stdout } = await runWith(version, 'npm', ['start', '--silent', '--', '--version'], process.cwd());
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

// Earlier versions of Node refuse every TypeScript file.
test.each(['22', OLD.at(-1) ?? ''])(
  'node src/main.ts in a checkout prints the required Node on Node %s',
  async (version) => {
    const { stdout, stderr, code } = await runWith(version, 'node', ['src/main.ts'], process.cwd());
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(new RegExp(`^Sigillo requires Node ${OLDEST} or later; this is v[\\d.]+\\.\n$`));
  },
);

test('the command of the oldest supported Node starts the gateway', async () => {
  const gateway = run('node_modules/.bin/sigillo', [], {
    cwd: project,
    env: { ...machineWith(OLDEST), PORT: '0', SANDBOX_PORT: '0' },
  });
  gateway.child.stdout?.on('data', (text: string) => {
    if (text.startsWith('Sigillo: ')) gateway.child.kill('SIGTERM');
  });
  expect((await gateway).stdout).toContain('Sigillo: open http://localhost:');
});

describe.each(SUPPORTED)('with Node %s', (version) => {
  test.each(['suite.js', 'suite.ts'])('a program imports each entry of the package: %s', async (file) => {
    expect(await runWith(version, 'node', [file])).toEqual({ stdout: ANSWERS, stderr: '', code: 0 });
  });

  test('a CommonJS program requires each entry of the package', async () => {
    expect(await runWith(version, 'node', ['suite.cjs'])).toEqual({
      stdout: 'function function\n',
      stderr: '',
      code: 0,
    });
  });
});

// The declarations of the package are checked once: they are the same for each resolution.
test.each([
  ['nodenext', 'nodenext', 'false'],
  ['esnext', 'bundler', 'true'],
])(
  'TypeScript finds the types of each entry: module %s, moduleResolution %s',
  async (module, resolution, skip) => {
    const options = ['--module', module, '--moduleResolution', resolution, '--target', 'es2024', '--strict'];
    const tsc = resolve('node_modules/.bin/tsc');
    const { stdout } = await runWith(CURRENT, tsc, [
      ...options,
      '--types',
      'node',
      '--noEmit',
      '--skipLibCheck',
      skip,
      'suite.ts',
    ]);
    // The declarations of other packages are not ours to correct.
    expect(stdout.split('\n').filter((line) => /sigillo|suite/.test(line))).toEqual([]);
  },
);

test.each([
  ['publint@0.3.25', ['--strict']],
  // These are exported as files, not as modules.
  [
    '@arethetypeswrong/cli@0.18.5',
    [
      '--profile',
      'esm-only',
      '--exclude-entrypoints',
      'schema.graphql',
      'openapi.yaml',
      'client/documents.json',
      '--format',
      'ascii',
    ],
  ],
])('%s has no findings on the package', async (tool, options) => {
  const { stdout, stderr, code } = await runWith(CURRENT, 'npx', ['--yes', tool, tarball, ...options], root);
  expect(code, stdout + stderr).toBe(0);
});

test.each([...OLD, OLDEST])(
  'installing the package does not change the Node of npm scripts: %s',
  async (version) => {
    const { stdout } = await runWith(version, 'npm', ['run', '--silent', 'node-version']);
    expect(stdout).toBe((await runWith(version, 'node', ['--version'])).stdout);
  },
);
