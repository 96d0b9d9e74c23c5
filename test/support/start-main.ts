import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';

/** `node src/main.ts` with these variables and no others, on free ports, behind these modules. It ends with the test. */
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
    /** Where it says that it is, once it does. */
    async url(): Promise<string> {
      await expect
        .poll(() => output)
        .toMatchObject({
          stdout: expect.stringMatching(/^Sigillo: .*\n/m),
        });
      return /^Sigillo: .*?(http:[^\s;]+)/m.exec(output.stdout)?.[1] ?? '';
    },
    /** Exit code and what it wrote, once it has ended. */
    async ended() {
      const [code]: unknown[] = await closed;
      return { code, ...output };
    },
  };
}

/** The program when it serves. What it complains of is shown. */
export async function startMain(env: Readonly<Record<string, string>>) {
  const main = runMain(env);
  const { child } = main;
  child.stderr.pipe(process.stderr);
  return {
    url: await main.url(),
    /** As a machine that loses its power. */
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await main.ended();
    },
    /** As a machine that hangs, or a process that is not let run. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}
