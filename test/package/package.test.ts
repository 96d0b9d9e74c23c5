import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

test('a suite imports the sandbox from sigillo/testing, with its types', async () => {
  const suite = `import { startGateway } from 'sigillo';
import { SigilloClient } from 'sigillo/client';
import { startSandbox } from 'sigillo/testing';
import type { Sandbox } from 'sigillo/testing';
const sandbox: Sandbox = await startSandbox();
const url: string = sandbox.url;
const answer = await fetch(url + '/signers', {
  method: 'POST',
  headers: { 'ocp-apim-subscription-key': 'any', 'content-type': 'application/json' },
  body: JSON.stringify({ fiscal_code: 'SPNDNL80R13C555X' }),
});
const mocked = await fetch(url + '/dossiers/x', { headers: { 'ocp-apim-subscription-key': 'any', prefer: 'code=404' } });
const form = new FormData();
form.append('document', new Blob(['no PDF'], { type: 'application/pdf' }), 'a.pdf');
const headers = { 'ocp-apim-subscription-key': 'any' };
const validated = await fetch(url + '/validate-document', { method: 'POST', headers, body: form });
const gateway = await startGateway({ PORT: '0', SANDBOX_URL: url, LOG_LEVEL: 'error', GRAPHIQL: 'off' });
const client = new SigilloClient({ url: gateway.url });
await client.watch('01JMD4XYEJ4TCMM7YJ5F0JB0XX').next().catch(({ code }) => console.log(code));
await gateway.close();
console.log(answer.status, mocked.status, await validated.text());
await sandbox.close();
`;
  writeFileSync(join(project.folder, 'suite.ts'), suite);
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
  // The types of other packages are not checked, so only those of Sigillo can fail.
  const checked = run(resolve('node_modules/.bin/tsc'), [...options, 'suite.ts'], {
    cwd: project.folder,
    env: project.env,
  });
  const { stdout: complaints } = await checked.catch((error: unknown) => error as { stdout: string });
  expect(complaints.split('\n').filter((line) => /sigillo|suite/.test(line))).toEqual([]);
  const { stdout } = await run(process.execPath, ['suite.ts'], { cwd: project.folder, env: project.env });
  // PDFs are read in a worker thread, whose file must be in the package too.
  expect(stdout).toBe('NOT_FOUND\n200 404 {"title":"Internal Server Error","detail":"Error","status":500}\n');
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
