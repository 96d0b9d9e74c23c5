import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';

/** `node src/main.ts` with only these variables, on free ports, after these modules. It stops with the test. */
export function runMain(env: Readonly<Record<string, string>>, modules: readonly string[] = []) {
  const { PATH = '' } = process.env;
  const args = [...modules.flatMap((module) => ['--import', module]), 'src/main.ts'];
  const child = spawn(process.execPath, args, {
    env: { PATH, PORT: '0', SANDBOX_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  return {
    child,
    output,
    /** The URL that it prints. */
    async url(): Promise<string> {
      await expect
        .poll(() => output)
        .toMatchObject({
          stdout: expect.stringMatching(/^Sigillo: .*\n/m),
        });
      return /^Sigillo: .*?(http:[^\s;]+)/m.exec(output.stdout)?.[1] ?? '';
    },
    /** Exit code and output, after it has exited. */
    async ended() {
      const [code]: unknown[] = await closed;
      return { code, ...output };
    },
  };
}

/** The program, once it serves. Its errors are printed. */
export async function startMain(env: Readonly<Record<string, string>>) {
  const main = runMain(env);
  const { child } = main;
  child.stderr.pipe(process.stderr);
  return {
    url: await main.url(),
    /** Kills it with SIGKILL. */
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await main.ended();
    },
    /** Stops it with SIGSTOP, like a machine that hangs. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}
