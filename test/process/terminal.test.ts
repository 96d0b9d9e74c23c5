import { execFile, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { runMain } from '../support/start-main.ts';

const ESCAPE = '\u001b[';

/** What the program prints at a terminal until a text appears. */
async function atTerminal(env: Readonly<Record<string, string>>, until: string): Promise<string> {
  const command = `"${process.execPath}" src/main.ts`;
  const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', PORT: '0', SANDBOX_PORT: '0', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void terminal.kill('SIGKILL'));
  let printed = '';
  terminal.stdout.on('data', (chunk) => (printed += String(chunk)));
  await expect.poll(() => printed).toContain(until);
  return printed.replaceAll('\r\n', '\n');
}

/** Runs the command to its end. */
function command(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      ['src/main.ts', ...args],
      { env: { PATH: process.env['PATH'], ...env } },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const widest = (text: string): number => Math.max(...text.split('\n').map(({ length }) => length));
const LAST = 'Ctrl-C stops it';

test.runIf(process.platform === 'linux')(
  'at a terminal it greets in a dozen lines of 80 columns: what runs, where to look, what to try first',
  async () => {
    const printed = await atTerminal({ METRICS_PORT: '0' }, LAST);
    expect(printed).toContain(ESCAPE);
    const greeting = stripVTControlCharacters(printed);
    expect(widest(greeting)).toBeLessThanOrEqual(80);
    const lines = greeting.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(greeting).toMatch(/Workbench +http:\/\/localhost:\d+\/\n/);
    expect(greeting).toMatch(/GraphiQL +http:\/\/localhost:\d+\/graphql\n/);
    expect(greeting).toMatch(/Sandbox +http:\/\/localhost:\d+\/api\/v1\/sign\n/);
    expect(greeting).toMatch(/Metrics +http:\/\/localhost:\d+\/metrics\n/);
    expect(greeting).toContain('Try first:');
  },
);

test.runIf(process.platform === 'linux')('NO_COLOR turns colours off, and the text is the same', async () => {
  const printed = await atTerminal({ NO_COLOR: '1', FIRMA_APIKEY: '1' }, LAST);
  expect(printed).not.toContain(ESCAPE);
  expect(printed).toContain('warn  FIRMA_APIKEY is not a variable of Sigillo');
});

test.runIf(process.platform === 'linux')('at a terminal the level of a warning is coloured', async () => {
  const printed = await atTerminal({ FIRMA_APIKEY: '1' }, LAST);
  expect(printed).toContain(`${ESCAPE}33mwarn ${ESCAPE}39m FIRMA_APIKEY is not a variable`);
});

test('elsewhere it prints one line and JSON, without colours even with FORCE_COLOR', async () => {
  const main = runMain({ FORCE_COLOR: '1', FIRMA_APIKEY: '1' });
  await main.url();
  const lines = main.output.stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual([
    expect.stringMatching(/^Sigillo: open http/),
  ]);
  expect(main.output.stdout).not.toContain(ESCAPE);
});

test('a mistake at start is red if the stream shows colours', async () => {
  const plain = await command([], { PORT: 'x' });
  expect(plain.stderr).toMatch(/^Sigillo could not start\. Invalid configuration:\n {2}PORT: must be/);
  const coloured = await command([], { PORT: 'x', FORCE_COLOR: '1' });
  expect(coloured.stderr).toContain(`${ESCAPE}31mSigillo could not start.`);
});

test.each([[['--help']], [['-h']], [['sandbox', '--help']]])('%j fits 80 columns', async (args) => {
  const { code, stdout } = await command(args);
  expect(code).toBe(0);
  expect(stdout).toContain('Usage: sigillo');
  expect(widest(stdout)).toBeLessThanOrEqual(80);
});

test.each([[['--version']], [['-v']], [['sandbox', '--version']]])('%j prints the version', async (args) => {
  expect(await command(args)).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
  });
});

test('the sandbox alone warns about misspelled variables', async () => {
  expect(await command(['sandbox', '--help'], { SANDBOX_TIME_SCAL: '1', LOG_LEVLE: 'debug' })).toMatchObject({
    code: 0,
    stderr: 'SANDBOX_TIME_SCAL is not a variable of the sandbox: did you mean SANDBOX_TIME_SCALE?\n',
  });
});

test('an unknown command is named, with the usage', async () => {
  const { code, stderr } = await command(['serve']);
  expect(code).toBe(2);
  expect(stderr).toContain('Unknown command "serve".');
  expect(stderr).toContain('Usage: sigillo');
});
