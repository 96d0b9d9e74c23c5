import { expect, test } from 'vitest';
import { UsageError, parseCliOptions } from '../../../../mocks/sandbox/cli/cli-options.ts';

test('flags take precedence over variables, and both over defaults', () => {
  expect(parseCliOptions([], {})).toEqual({
    port: 4010,
    host: '127.0.0.1',
    timeScale: 0.1,
    frozenAt: undefined,
    seed: undefined,
    profile: 'implemented',
    strict: false,
    json: false,
    readyFile: undefined,
  });
  const env = {
    SANDBOX_PORT: '5000',
    SANDBOX_HOST: '',
    SANDBOX_TIME_SCALE: '1',
    SANDBOX_FROZEN_AT: '2026-03-05T10:00:00+01:00',
    SANDBOX_STRICT: 'true',
    SANDBOX_JSON: 'false',
    SANDBOX_PROFILE: 'documented',
  };
  expect(parseCliOptions(['--port', '0', '--seed=7', '--json', '--ready-file', 'r'], env)).toEqual({
    port: 0,
    host: '127.0.0.1',
    timeScale: 1,
    frozenAt: new Date('2026-03-05T09:00:00Z'),
    seed: 7,
    profile: 'documented',
    strict: true,
    json: true,
    readyFile: 'r',
  });
});

test.each<[string[], Record<string, string>, string]>([
  [['--prot', '1'], {}, "Unknown option '--prot'"],
  [['start'], {}, "Unexpected argument 'start'"],
  [['--port'], {}, "Option '--port <value>' argument missing"],
  [['--port', 'x'], {}, '--port must be a port number, 0 to 65535, not "x"'],
  [['--port', '0x10'], {}, '--port must be a port number'],
  [[], { SANDBOX_PORT: '65536' }, 'SANDBOX_PORT must be a port number, 0 to 65535, not "65536"'],
  [['--time-scale=-1'], {}, '--time-scale must be a number, 0 or more, not "-1"'],
  [['--frozen-at', '2026-03-05'], {}, '--frozen-at must be a time such as'],
  [['--seed', '1.5'], {}, '--seed must be a whole number'],
  [['--profile', 'real'], {}, '--profile must be implemented or documented, not "real"'],
  [[], { SANDBOX_STRICT: 'maybe' }, 'SANDBOX_STRICT must be true or false, not "maybe"'],
])('refuses %j with %j', (args, env, words) => {
  const parse = () => parseCliOptions(args, env);
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(words);
});

test('lists all invalid flags at once', () => {
  expect(() => parseCliOptions(['--port', 'x', '--seed', 'y'], { SANDBOX_STRICT: 'z' })).toThrow(
    /^--port .*\n--seed .*\nSANDBOX_STRICT .*$/,
  );
});
