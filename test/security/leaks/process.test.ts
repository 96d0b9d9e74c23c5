import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runMain } from '../../support/start-main.ts';
import { leaksIn } from './search.ts';

const FIRMA_API_KEY = 'k3y-of-the-issuer+/=';
const SECRETS = { 'issuer key': FIRMA_API_KEY, 'fiscal code': 'SPNDNL80R13C555X', signature: 'abcd%3D' };

/** A gateway process with a failure that no code of Sigillo causes; see `mishap.ts`. */
function runMishap(mishap: string, env: Record<string, string> = {}) {
  const FIRMA_API_URL = 'http://127.0.0.1:1/api/v1/sign';
  const variables = { FIRMA_API_URL, FIRMA_API_KEY, AUTH: 'none', MISHAP: mishap, ...env };
  const main = runMain(variables, ['./test/security/leaks/mishap.ts']);
  return {
    ...main,
    lines: (): Record<string, unknown>[] =>
      main.output.stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line): Record<string, unknown> => JSON.parse(line)),
  };
}

const ENDED = 'Sigillo exited because of an uncaught error. See the log.\n';

test.each(['uncaught', 'rejection'])(
  'an uncaught error (%s) is logged with its stack and causes but without their data, and exits the process',
  async (mishap) => {
    const main = runMishap(mishap);
    await main.url();
    main.child.kill('SIGUSR2');
    expect(await main.ended()).toMatchObject({ code: 1, stderr: ENDED });
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
      msg: 'uncaught error: the process exits',
    });
  },
);

test('a thrown value that is not an error is logged in the same way', async () => {
  const main = runMishap('rejection without an error');
  await main.url();
  main.child.kill('SIGUSR2');
  expect(await main.ended()).toMatchObject({ code: 1, stderr: ENDED });
  expect(leaksIn(main.output.stdout + main.output.stderr, SECRETS)).toEqual([]);
  expect(main.lines().at(-1)).toMatchObject({ level: 60, err: { code: 'ERR_UNHANDLED_REJECTION' } });
});

test('with the log off stderr still has one line about the exit', async () => {
  const main = runMishap('uncaught', { LOG_LEVEL: 'silent' });
  await main.url();
  main.child.kill('SIGUSR2');
  expect(await main.ended()).toMatchObject({ code: 1, stderr: ENDED });
  expect(main.lines()).toEqual([]);
});

test.each(['console', 'warning'])(
  'what a library writes to the %s is in the log, and nowhere else',
  async (mishap) => {
    const main = runMishap(mishap);
    await main.url();
    const before = main.lines().length;
    main.child.kill('SIGUSR2');
    const expected = mishap === 'console' ? 3 : 1;
    await expect.poll(() => main.lines().length).toBe(before + expected);
    main.child.kill('SIGTERM');
    expect(await main.ended()).toMatchObject({ code: 0, stderr: '' });
    expect(leaksIn(main.output.stdout, SECRETS)).toEqual([]);
    const written = main.lines().slice(before, before + expected);
    expect(written.map(({ from, msg }) => from ?? msg)).toEqual(
      mishap === 'console' ? ['console', 'console', 'console'] : ['warning'],
    );
  },
);

test('a configuration error is reported without the values', async () => {
  const main = runMishap('', {
    PORT: FIRMA_API_KEY,
    FIRMA_API_URL: `http://${SECRETS['fiscal code']}:${FIRMA_API_KEY}@127.0.0.1/`,
    REDIS_URL: `redis://u:${FIRMA_API_KEY}@`,
  });
  const { code, stderr } = await main.ended();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Sigillo could not start\. Invalid configuration:\n/);
  expect(leaksIn(stderr + main.output.stdout, SECRETS)).toEqual([]);
});

test('an unreachable Redis is reported without its password', async () => {
  const main = runMishap('', {
    REDIS_URL: `redis://u:${encodeURIComponent(FIRMA_API_KEY)}@127.0.0.1:1/0`,
  });
  const { code, stderr } = await main.ended();
  expect(code).toBe(1);
  expect(leaksIn(stderr + main.output.stdout, SECRETS)).toEqual([]);
});

test('no code of src writes to the console', () => {
  const writing = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'logging/all-to-logger.ts')
    .filter((name) => /\bconsole\.\w+\(|ConsoleSpan/.test(readFileSync(`src/${name}`, 'utf8')));
  // The console exporter of spans is configured by the operator; spans contain no data of callers.
  expect(writing).toEqual(['observability/tracing/start-tracing.ts']);
});
