import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';

/** `npm run <script>` as the leader of a process group, as a terminal starts it. */
async function runScript(script: string) {
  const npm = spawn('npm', ['run', script], {
    env: { ...process.env, PORT: '0', SANDBOX_PORT: '0' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid = 0 } = npm;
  const closed = once(npm, 'close');
  onTestFinished(async () => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // All processes have exited.
    }
    await closed;
  });
  const output = { stdout: '', stderr: '' };
  npm.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  npm.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  await expect
    .poll(() => output)
    .toMatchObject({
      stdout: expect.stringMatching(/http:\/\/(localhost|127\.0\.0\.1):\d+/),
    });
  return {
    output,
    npm: pid,
    shell: childOf(pid),
    /** Npm and all its child processes have exited: all of them hold the pipes. */
    closed,
  };
}

const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);

const inOrder = expect.stringContaining('shutting down: waiting for in-flight requests');

const onLinux = test.runIf(process.platform === 'linux');

onLinux.each([
  ['npm', 'SIGTERM'],
  ['npm', 'SIGHUP'],
  ['npm', 'SIGKILL'],
  ['shell', 'SIGTERM'],
  ['shell', 'SIGHUP'],
  ['shell', 'SIGKILL'],
] as const)('the gateway of npm start shuts down gracefully when its %s gets %s', async (whose, signal) => {
  const started = await runScript('start');
  process.kill(started[whose], signal);
  await started.closed;
  expect(started.output.stdout).toEqual(inOrder);
});

test('Ctrl-C, which npm and its child processes get, shuts the gateway down gracefully', async () => {
  const { npm, closed, output } = await runScript('start');
  process.kill(-npm, 'SIGINT');
  await closed;
  expect(output.stdout).toEqual(inOrder);
});

onLinux.each(['sandbox', 'mock', 'dev'])(
  'npm run %s leaves no process behind when npm is killed',
  async (script) => {
    const { npm, closed } = await runScript(script);
    process.kill(npm, 'SIGKILL');
    await closed;
  },
);

/** Starts a sandbox whose shell then exits. Returns the pid of the sandbox. */
async function orphan(env: Readonly<Record<string, string>>): Promise<number> {
  const shell = spawn('sh', ['-c', '"$0" src/main.ts sandbox --port 0 & echo $!; wait', process.execPath], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  shell.stdout.on('data', (chunk) => (printed += String(chunk)));
  await expect.poll(() => printed).toContain('Time');
  const pid = Number.parseInt(printed, 10);
  onTestFinished(() => {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  shell.kill('SIGKILL');
  return pid;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a process that npm did not start, or that its script may leave running, survives its parent', async () => {
  const staying = [await orphan({}), await orphan({ npm_lifecycle_event: 'pretest' })];
  const ending = await orphan({ npm_lifecycle_event: 'start' });
  await expect.poll(() => isRunning(ending)).toBe(false);
  expect(staying.map(isRunning)).toEqual([true, true]);
});
