import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const MODULE = new URL('../../../../src/observability/logging/stdout-lines.ts', import.meta.url);

/** What a program prints that writes two lines, and then does this in the same turn of the event loop. */
async function printed(then: string): Promise<string> {
  const program = `
    import { writeToStdout } from '${MODULE.href}';
    setTimeout(() => {
      writeToStdout('first\\n');
      writeToStdout('second\\n');
      ${then}
    });`;
  const child = execFile(process.execPath, ['--input-type=module', '--eval', program]);
  let output = '';
  child.stdout?.on('data', (text) => (output += String(text)));
  await once(child, 'close');
  return output;
}

test.each([
  '',
  'process.exit(1);',
  "throw new Error('uncaught');",
  "Promise.reject(new Error('unhandled'));",
])('the lines of the last turn are written before the process ends: %s', async (then) => {
  expect(await printed(then)).toBe('first\nsecond\n');
});

test('many lines of one turn are written before it ends', async () => {
  const many = "for (let nth = 0; nth < 3000; nth += 1) writeToStdout('x'.repeat(50) + '\\n');";
  const output = await printed(`${many} process.kill(process.pid, 'SIGKILL');`);
  expect(output.length).toBeGreaterThan(60_000);
});
