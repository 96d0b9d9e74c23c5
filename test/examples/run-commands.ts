import { execFile } from 'node:child_process';
import { once } from 'node:events';

/** Runs commands of a page in bash, in the folder of the page. Returns what they print, and their exit code. */
export async function runIn(cwd: string, commands: string, env: NodeJS.ProcessEnv) {
  const { PATH = '', HOME = '' } = process.env;
  const options = { cwd, env: { PATH, HOME, ...env } };
  const child = execFile('bash', ['--norc', '-euo', 'pipefail', '-c', commands], options);
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (output.stderr += String(chunk)));
  const [code]: unknown[] = await once(child, 'close');
  return { code, ...output };
}
