import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { leaksIn } from './search.ts';

const FIRMA_API_KEY = 'k3y-of-the-issuer+/=';
const SECRETS = { 'issuer key': FIRMA_API_KEY, 'fiscal code': 'SPNDNL80R13C555X', signature: 'abcd%3D' };

/** The gateway's process, in which something goes wrong that no code of ours does; see `mishap.ts`. */
async function startProcess(mishap: string, env: Record<string, string> = {}) {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--import', './test/leaks/mishap.ts', 'src/main.ts'], {
    env: {
      PATH,
      PORT: '0',
      FIRMA_API_URL: 'http://127.0.0.1:1/api/v1/sign',
      FIRMA_API_KEY,
      AUTH: 'none',
      MISHAP: mishap,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const closed = once(child, 'close');
  return {
    child,
    output,
    async ready(): Promise<void> {
      await expect.poll(() => output.stdout, { timeout: 15_000 }).toContain('Sigillo: ');
    },
    lines: (): Record<string, unknown>[] =>
      output.stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line): Record<string, unknown> => JSON.parse(line)),
    async ended() {
      const [code] = await closed;
      return { code, stderr: output.stderr };
    },
  };
}

const ENDED = 'Sigillo has ended because of an error that nobody caught. The log says which.\n';

test.each(['uncaught', 'rejection'])(
  'an error that nobody caught (%s) is in the log with its stack and causes and without what they hold, and ends the process',
  async (mishap) => {
    const main = await startProcess(mishap);
    await main.ready();
    main.child.kill('SIGUSR2');
    expect(await main.ended()).toEqual({ code: 1, stderr: ENDED });
    expect(leaksIn(main.output.stdout + main.output.stderr, SECRETS)).toEqual([]);
    const stack = expect.arrayContaining([expect.stringContaining('mishap.ts')]);
    expect(main.lines().at(-1)).toMatchObject({
      level: 60,
      err: {
        type: 'TypeError',
        message: 'an error of [secret], for [fiscal code], at [signed address]',
        stack,
        cause: {
          message: 'the cause of [secret], for [fiscal code], at [signed address]',
          code: 'E_MISHAP',
          stack,
        },
      },
      msg: 'the process ends: nobody has caught an error',
    });
  },
);

test('what is thrown without being an error likewise', async () => {
  const main = await startProcess('rejection of no error');
  await main.ready();
  main.child.kill('SIGUSR2');
  expect(await main.ended()).toEqual({ code: 1, stderr: ENDED });
  expect(leaksIn(main.output.stdout + main.output.stderr, SECRETS)).toEqual([]);
  expect(main.lines().at(-1)).toMatchObject({ level: 60, err: { code: 'ERR_UNHANDLED_REJECTION' } });
});

test('with the log switched off stderr still says that it has ended, and no more', async () => {
  const main = await startProcess('uncaught', { LOG_LEVEL: 'silent' });
  await main.ready();
  main.child.kill('SIGUSR2');
  expect(await main.ended()).toEqual({ code: 1, stderr: ENDED });
  expect(main.lines()).toEqual([]);
});

test.each(['console', 'warning'])(
  'what a library writes to the %s is in the log, and nowhere else',
  async (mishap) => {
    const main = await startProcess(mishap);
    await main.ready();
    const before = main.lines().length;
    main.child.kill('SIGUSR2');
    const expected = mishap === 'console' ? 3 : 1;
    await expect.poll(() => main.lines().length).toBe(before + expected);
    main.child.kill('SIGTERM');
    expect(await main.ended()).toEqual({ code: 0, stderr: '' });
    expect(leaksIn(main.output.stdout, SECRETS)).toEqual([]);
    const written = main.lines().slice(before, before + expected);
    expect(written.map(({ from, msg }) => from ?? msg)).toEqual(
      mishap === 'console' ? ['console', 'console', 'console'] : ['warning'],
    );
  },
);

test('a mistake in the configuration is told without the values', async () => {
  const main = await startProcess('', {
    PORT: FIRMA_API_KEY,
    FIRMA_API_URL: `http://${SECRETS['fiscal code']}:${FIRMA_API_KEY}@127.0.0.1/`,
    REDIS_URL: `redis://u:${FIRMA_API_KEY}@`,
  });
  const { code, stderr } = await main.ended();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Sigillo could not start\. The configuration cannot be used:\n/);
  expect(leaksIn(stderr + main.output.stdout, SECRETS)).toEqual([]);
});

test('a Redis that is not there is told without its password', async () => {
  const main = await startProcess('', {
    REDIS_URL: `redis://u:${encodeURIComponent(FIRMA_API_KEY)}@127.0.0.1:1/0`,
  });
  const { code, stderr } = await main.ended();
  expect(code).toBe(1);
  expect(leaksIn(stderr + main.output.stdout, SECRETS)).toEqual([]);
});

test('no code of src writes to the console', () => {
  const writing = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'logging/all-to-logger.ts')
    .filter((name) => /\bconsole\.\w|ConsoleSpan/.test(readFileSync(`src/${name}`, 'utf8')));
  // Spans on the console are what somebody has asked for; they hold nothing of callers.
  expect(writing).toEqual(['tracing/start-tracing.ts']);
});
