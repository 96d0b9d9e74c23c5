import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packPackage } from '../support/installed-package.ts';

const run = promisify(execFile);

const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const { optionalDependencies } = JSON.parse(readFileSync('tools/node/package.json', 'utf8'));
const [major = 0, minor = 0] = engines.node.slice('>='.length).split('.').map(Number);

/** Versions of Node that cannot run Sigillo, up to the last one, and the first that can. */
const OLD = ['20', '22.17', '22', `${major}.${minor - 1}`];
const OLDEST = `${major}.${minor}`;

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

const folderOf = (version: string): string => join(root, `node-${version}`);

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

const SUITE = `import { startSandbox } from 'sigillo/testing';
const sandbox = await startSandbox();
console.log((await fetch(sandbox.url + '/dossiers/x', { headers: { 'ocp-apim-subscription-key': 'any' } })).status);
await sandbox.close();
`;

beforeAll(async () => {
  for (const version of [...OLD, OLDEST]) {
    mkdirSync(folderOf(version));
    writeFileSync(join(folderOf(version), 'package.json'), '{}');
    await run('npm', ['install', '--no-audit', '--no-fund', `${nodePackage}@${version}`], {
      cwd: folderOf(version),
    });
  }
  const tarball = await packPackage(root, process.env);
  mkdirSync(project);
  const scripts = { 'node-version': 'node --version', gateway: 'sigillo' };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', scripts }));
  writeFileSync(join(project, 'suite.js'), SUITE);
  await runWith('20', 'npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball]);
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

test('the oldest supported Node runs the gateway, and the sandbox in a test suite', async () => {
  const gateway = run('node_modules/.bin/sigillo', [], {
    cwd: project,
    env: { ...machineWith(OLDEST), PORT: '0', SANDBOX_PORT: '0' },
  });
  gateway.child.stdout?.on('data', (text: string) => {
    if (text.startsWith('Sigillo: ')) gateway.child.kill('SIGTERM');
  });
  expect((await gateway).stdout).toContain('Sigillo: open http://localhost:');
  expect(await runWith(OLDEST, 'node', ['suite.js'])).toEqual({ stdout: '404\n', stderr: '', code: 0 });
});

test.each([...OLD, OLDEST])(
  'installing the package does not change the Node of npm scripts: %s',
  async (version) => {
    const { stdout } = await runWith(version, 'npm', ['run', '--silent', 'node-version']);
    expect(stdout).toBe((await runWith(version, 'node', ['--version'])).stdout);
  },
);
