import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';

/** `node src/main.ts` with these variables and no others, until it says where it is. It ends with the test. */
export async function startMain(env: Readonly<Record<string, string>>) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { PATH, PORT: '0', SANDBOX_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  await expect.poll(() => output, { timeout: 60_000 }).toContain('Sigillo:');
  return {
    url: /(http:\S+\/graphql)/.exec(output)?.[1] ?? '',
    /** As a machine that loses its power. */
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await exited;
    },
    /** As a machine that hangs, or a process that is not let run. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}
