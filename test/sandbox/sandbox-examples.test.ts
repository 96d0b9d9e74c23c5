import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { installPackage } from '../support/installed-package.ts';
import type { InstalledPackage } from '../support/installed-package.ts';

// Each test starts processes, which is slow on a busy machine.
let project: InstalledPackage;

/** A project with the installed package and unchanged examples. */
beforeAll(async () => {
  project = await installPackage();
  cpSync('examples/sandbox', project.folder, { recursive: true });
  cpSync('examples/contratto.pdf', join(project.folder, 'contratto.pdf'));
});

afterAll(() => project.remove());

/** Runs a command in the project. Returns its output and exit code. */
async function run(
  command: string,
  ...args: string[]
): Promise<{ readonly code: unknown; readonly out: string }> {
  // Without the variables with which vitest and node:test would join this run.
  const { VITEST: _, NODE_TEST_CONTEXT: __, ...env } = project.env;
  const options = { cwd: project.folder, env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' } };
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, options);
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    // The shape of errors of execFile.
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    return { code, out: stdout + stderr };
  }
}

/** The example with an invalid fiscal code that accepts the error. */
function broken(example: string): string {
  const name = `broken-${example}`;
  const text = readFileSync(`examples/sandbox/${example}`, 'utf8');
  const sent = text.replace('SPNDNL80R13C555X', 'invalid').replace('SPNDNL••••••••••', 'invalid');
  writeFileSync(join(project.folder, name), sent.replace('200', '422'));
  return name;
}

const VIOLATION = 'request of getSignerByFiscalCode (POST /api/v1/sign/signers): body.fiscal_code';

test('the vitest example passes, and its types are right', async () => {
  expect(await run('vitest', 'run', 'vitest.test.ts')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/4 passed/),
  });
  const options = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--types', 'node', '--noEmit'];
  const { out } = await run('tsc', ...options, 'vitest.test.ts');
  expect(out.split('\n').filter((line) => line.startsWith('vitest.test.ts'))).toEqual([]);
});

test('the vitest example fails on a contract violation and names the call', async () => {
  const { code, out } = await run('vitest', 'run', broken('vitest.test.ts'));
  expect(code).toBe(1);
  expect(out).toContain(VIOLATION);
});

test('the node:test example passes', async () => {
  expect(await run('node', '--test', 'node-test.mjs')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/pass 2/),
  });
});

test('the node:test example fails on a contract violation and names the call', async () => {
  const { code, out } = await run('node', '--test', broken('node-test.mjs'));
  expect(code).toBe(1);
  expect(out).toContain(VIOLATION);
});

// Jest is not a dependency. Vitest has the same globals, and the same setup and teardown with another signature.
test('the Jest example passes under the globals of vitest', async () => {
  writeFileSync(
    join(project.folder, 'jest-like-setup.mjs'),
    `import setup from './jest-setup.mjs';
import teardown from './jest-teardown.mjs';
export default async () => {
  await setup({ maxWorkers: 2 });
  return teardown;
};
`,
  );
  writeFileSync(
    join(project.folder, 'jest-like.config.mjs'),
    `export default {
  test: {
    globals: true,
    include: ['jest.test.js'],
    globalSetup: './jest-like-setup.mjs',
    env: { JEST_WORKER_ID: '2' },
  },
};
`,
  );
  expect(await run('vitest', 'run', '--config', 'jest-like.config.mjs')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/2 passed/),
  });
});

// A machine with only npm may lack curl.
const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
const withSandbox = (...command: string[]) => run('bash', 'with-sandbox.sh', ...command);

test.skipIf(!hasTools)(
  'the steps of the manual work with only another base URL, in two sandboxes at once',
  async () => {
    const manual = () => withSandbox('bash', '-c', './manual.sh "$SANDBOX_URL" contratto.pdf');
    const both = await Promise.all([manual(), manual()]);
    for (const { code, out } of both) {
      expect(out).toMatch(/5\. Mark it READY: READY\n[^]*5\. Mark it READY: "READY"\n/);
      expect(out.match(/\{"io_message_id":"\w{26}"\}/g)).toHaveLength(2);
      expect(code).toBe(0);
    }
  },
);

test.skipIf(!hasTools)('a suite in any language fails when a call broke the contract', async () => {
  const { code, out } = await withSandbox('bash', '-c', 'curl -sS "$SANDBOX_URL/nothing-here"');
  expect(out).toContain('Calls violated the contract: {"violations":[{"direction":"request","method":"GET",');
  expect(code).toBe(1);
});

test.skipIf(!hasTools)('a suite in any language fails as its command does', async () => {
  expect(await withSandbox('bash', '-c', 'exit 7')).toMatchObject({ code: 7 });
});

test('a sandbox that npx has started exits with npx', async () => {
  const ready = join(project.folder, 'ready');
  const npx = spawn('npx', ['sigillo', 'sandbox', '--port', '0', '--ready-file', ready], {
    cwd: project.folder,
    env: project.env,
  });
  onTestFinished(() => void npx.kill('SIGKILL'));
  await expect.poll(() => existsSync(ready)).toBe(true);
  const ended = once(npx, 'exit');
  npx.kill('SIGTERM');
  await ended;
  await expect.poll(() => existsSync(ready)).toBe(false);
});
