import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { runMain } from '../support/start-main.ts';

/** A page of the documentation: its sections, code blocks and links. */
export function readPage(file: string) {
  const text = readFileSync(file, 'utf8');
  const section = (heading: string): string => text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const blocks = (language: string, heading?: string): string[] =>
    [...(heading === undefined ? text : section(heading)).matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(
      ([, found, body = '']) => (found === language ? [body] : []),
    );
  const links = [...text.matchAll(/\]\((?!http)([^)#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
  const anchors = [...text.matchAll(/\]\((?!http)([^)#]*)#([^)]+)\)/g)].map(
    ([, target = '', anchor = '']) => ({ target, anchor }),
  );
  return { text, section, blocks, links, anchors };
}

/** Whether the commands of the pages can run: a machine may lack curl. */
export const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);

/** Starts the program as `npm start` does, on free ports. It ends with the test. */
export async function startProgram() {
  // On a busy machine an inspection can take longer than by default.
  const main = runMain({ INSPECT_TIMEOUT_SECONDS: '60' });
  await main.url();
  const { stdout: output } = main.output;
  const hosts = new Set(output.match(/localhost:\d+/g));
  const [gateway = '', sandbox = ''] = hosts;
  /** Runs commands of a page in a folder that contains only the examples. */
  const run = async (commands: string): Promise<{ readonly stdout: string; readonly folder: string }> => {
    const folder = mkdtempSync(join(tmpdir(), 'sigillo-docs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(resolve('examples'), join(folder, 'examples'));
    const lines = commands.replaceAll('localhost:4000', gateway).replaceAll('localhost:4010', sandbox);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', lines], { cwd: folder });
    return { stdout, folder };
  };
  return { output, gateway, sandbox, run };
}
