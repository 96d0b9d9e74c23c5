import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installPackage } from '../support/installed-package.ts';
import type { InstalledPackage } from '../support/installed-package.ts';

const run = promisify(execFile);
let project: InstalledPackage;

beforeAll(async () => {
  project = await installPackage();
}, 600_000);

afterAll(() => project.remove());

test('the package contains the files that it needs, and no tests', () => {
  expect(readdirSync(project.path()).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json', 'schema.graphql'].sort(),
  );
  expect(readdirSync(project.path('dist')).sort()).toEqual([
    'client',
    'examples',
    'mocks',
    'packages',
    'src',
    'web',
  ]);
});

test('the hooks load with the React of the project, and the client as one module has the exports of its entry', async () => {
  const code = `import * as client from 'sigillo/client';
import { useWatch } from 'sigillo/client/react';
import * as bundle from './node_modules/sigillo/dist/client/sigillo-client.js';
console.log(typeof useWatch, Object.keys(bundle).join() === Object.keys(client).join());`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: project.folder,
    env: project.env,
  });
  expect(stdout).toBe('function true\n');
});

test('the command starts the gateway, or only the sandbox, and stops them on SIGTERM', async () => {
  for (const [args, expected] of [
    [[], /http:\/\/localhost:\d+\/graphql/],
    [['sandbox'], /http:\/\/localhost:\d+\/api\/v1\/sign/],
  ] as const) {
    const child = spawn(process.execPath, [project.path('dist/src/main.js'), ...args], {
      env: { ...project.env, PORT: '0', SANDBOX_PORT: '0' },
    });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
    while (!expected.test(printed)) await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});

test('the command prints its help, and refuses unknown arguments', async () => {
  const cli = project.path('dist/src/main.js');
  expect((await run(process.execPath, [cli, '--help'])).stdout).toContain('Usage: sigillo');
  expect((await run(process.execPath, [cli, '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  await expect(run(process.execPath, [cli, 'sandbx'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Unknown command "sandbx"'),
  });
});
