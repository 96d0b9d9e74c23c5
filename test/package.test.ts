import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
// Node of this process first, as in an npm script.
const env = { ...process.env, PATH: `${resolve('node_modules/.bin')}${delimiter}${process.env['PATH']}` };
let project: string;

/** A project that has installed the packed package: what is in the tarball, and its dependencies beside it. */
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'sigillo-package-'));
  await run('npm', ['pack', '--silent', '--pack-destination', project], { env });
  const [tarball = ''] = readdirSync(project);
  await run('tar', ['-xzf', tarball], { cwd: project });
  const modules = join(project, 'node_modules');
  mkdirSync(modules);
  await run('mv', ['package', join(modules, 'sigillo')], { cwd: project });
  for (const name of readdirSync('node_modules').filter((name) => !name.startsWith('.'))) {
    symlinkSync(resolve('node_modules', name), join(modules, name));
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

const installed = (...path: string[]): string => join(project, 'node_modules', 'sigillo', ...path);

test('the package holds what is needed to run it, and no tests', () => {
  expect(readdirSync(installed()).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json', 'schema.graphql'].sort(),
  );
  expect(readdirSync(installed('dist')).sort()).toEqual(['examples', 'mocks', 'src']);
});

test('a suite imports the sandbox from sigillo/testing, with its types', async () => {
  const suite = `import { startSandbox } from 'sigillo/testing';
import type { Sandbox } from 'sigillo/testing';
const sandbox: Sandbox = await startSandbox();
const url: string = sandbox.url;
const answer = await fetch(url + '/signers', {
  method: 'POST',
  headers: { 'ocp-apim-subscription-key': 'any', 'content-type': 'application/json' },
  body: JSON.stringify({ fiscal_code: 'SPNDNL80R13C555X' }),
});
console.log(answer.status);
await sandbox.close();
`;
  writeFileSync(join(project, 'suite.ts'), suite);
  const options = [
    '--module',
    'nodenext',
    '--strict',
    '--types',
    'node',
    '--noEmit',
    '--skipLibCheck',
    'false',
  ];
  // Other packages' types are not checked; ours are the only ones that can complain.
  const checked = run(resolve('node_modules/.bin/tsc'), [...options, 'suite.ts'], { cwd: project, env });
  const { stdout: complaints } = await checked.catch((error: unknown) => error as { stdout: string });
  expect(complaints.split('\n').filter((line) => /sigillo|suite/.test(line))).toEqual([]);
  const { stdout } = await run(process.execPath, ['suite.ts'], { cwd: project, env });
  expect(stdout).toBe('200\n');
});

test('the command starts the gateway, and the sandbox alone, and ends them on SIGTERM', async () => {
  for (const [args, expected] of [
    [[], /http:\/\/localhost:\d+\/graphql/],
    [['sandbox'], /http:\/\/localhost:\d+\/api\/v1\/sign/],
  ] as const) {
    const child = spawn(process.execPath, [installed('dist/src/cli.js'), ...args], {
      env: { ...env, PORT: '0', SANDBOX_PORT: '0' },
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    while (!expected.test(printed)) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});

test('the command explains itself, and refuses what it does not know', async () => {
  const cli = installed('dist/src/cli.js');
  expect((await run(process.execPath, [cli, '--help'])).stdout).toContain('Usage: sigillo');
  expect((await run(process.execPath, [cli, '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  await expect(run(process.execPath, [cli, 'sandbx'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('sigillo does not know "sandbx"'),
  });
});
