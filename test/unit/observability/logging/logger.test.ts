import { expect, test } from 'vitest';
import { createLogger } from '../../../../src/observability/logging/logger.ts';
import { createRequestScope, forRequest } from '../../../../src/observability/logging/request-scope.ts';
import { withoutValues } from '../../../../src/observability/logging/scrubber.ts';

const KEY = 'k3y-of-the-issuer';
const CODE = 'SPNDNL80R13C555X';

function start(level = 'trace') {
  const written: string[] = [];
  const logger = createLogger({ level, secrets: [KEY], write: (line) => void written.push(line) });
  return {
    logger,
    written,
    /** The last line, without the members of every line. */
    last(): Record<string, unknown> {
      const { level: _, time: __, ...rest } = JSON.parse(written.at(-1) ?? '{}') as Record<string, unknown>;
      return rest;
    },
  };
}

test('a line is JSON with level, time and message', () => {
  const { logger, written } = start();
  logger.info({ a: 1, b: ['x', null, true], none: undefined }, 'done');
  expect(written).toEqual([expect.stringMatching(/^\{.*\}\n$/)]);
  expect(JSON.parse(written[0] ?? '')).toEqual({
    level: 30,
    time: expect.any(Number),
    a: 1,
    b: ['x', null, true],
    msg: 'done',
  });
});

test('lines of a request have its id, and other lines have none', () => {
  const { logger, last } = start();
  forRequest(createRequestScope('r-1'), () => logger.info('inside'));
  expect(last()).toEqual({ requestId: 'r-1', msg: 'inside' });
  logger.info('outside');
  expect(last()).toEqual({ msg: 'outside' });
});

test('no line of a request contains the credential of its client', () => {
  const { logger, written } = start();
  const scope = createRequestScope('r-1', withoutValues(['opaque-key-of-a-caller']));
  forRequest(scope, () => {
    logger.info({ a: 'an OPAQUE-key-of-a-caller' }, 'opaque-key-of-a-caller');
    logger.error(new Error('opaque-key-of-a-caller'));
  });
  expect(written.join('')).not.toMatch(/opaque/i);
});

test.each<[string, string | object]>([
  ['a message', `the key ${KEY} of ${CODE}`],
  ['a value', { a: KEY, b: CODE }],
  ['a deeply nested value', { a: [{ b: { c: [`x${CODE.toLowerCase()}x`, KEY] } }] }],
  ['a name', { [KEY]: 1, [CODE]: 2 }],
  ['an address', new URL(`https://s.example/?sp=r&sig=abc&k=${KEY}`)],
  ['an error', new Error(`no ${KEY} of ${CODE}`)],
  ['the cause of a cause', new Error('a', { cause: new Error('b', { cause: new Error(`${CODE} ${KEY}`) }) })],
  ['one of several errors', new AggregateError([new Error(KEY), new Error(CODE)], CODE)],
  ['an error in an object', { err: new Error(KEY), more: { failure: new TypeError(CODE) } }],
  ['a code of an error', Object.assign(new Error('a'), { code: KEY, name: CODE })],
  ['a property of an error', Object.assign(new Error('a'), { body: CODE, request: { key: KEY } })],
  ['a big number', { n: BigInt(1), text: KEY }],
])('no secret is left in %s', (_, given) => {
  const { logger, written } = start();
  logger.info(given, 'words');
  logger.info(given);
  logger.info('words %s %o', given, given);
  expect(written).toHaveLength(3);
  for (const line of written) {
    expect(line).not.toMatch(/k3y|SPNDNL|sig=/i);
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  }
});

test('an error is logged with type, message, code and stack, and so are its causes; other properties are not', () => {
  const { logger, last } = start();
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 1 });
  const error = Object.assign(new TypeError('fetch failed', { cause }), { response: { body: 'private' } });
  const frames = expect.arrayContaining([expect.stringMatching(/logger\.test\.ts:\d+:\d+/)]);
  const described = {
    type: 'TypeError',
    message: 'fetch failed',
    stack: frames,
    cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', stack: frames },
  };
  logger.error(error, 'a call failed');
  expect(last()).toEqual({ err: described, msg: 'a call failed' });
  logger.error({ err: error }, 'a call failed');
  expect(last()).toEqual({ err: described, msg: 'a call failed' });
  logger.error(error);
  expect(last()).toMatchObject({ err: described });
});

test('the message of a JSON.parse error is not logged, because it may quote a part of a secret', () => {
  const { logger, written } = start();
  for (const text of [`{"fiscalCode": ${CODE}}`, CODE, `["${CODE}" x]`, `{"a":"${KEY}"x}`])
    try {
      JSON.parse(text);
    } catch (error) {
      logger.error({ err: error }, 'unreadable');
      logger.error(error);
      logger.error(new Error('outer', { cause: error }), 'unreadable');
    }
  expect(written).toHaveLength(12);
  expect(written.join('')).not.toMatch(/SPND|k3y|13C555X|fiscal/i);
});

test('a property with the name of a secret is redacted, whatever its value, at any depth', () => {
  const { logger, last } = start();
  const secret = 'anything';
  logger.info({
    authorization: secret,
    Cookie: secret,
    'x-api-key': secret,
    'Ocp-Apim-Subscription-Key': secret,
    apiKey: secret,
    api_key: secret,
    fiscalCode: secret,
    fiscal_code: secret,
    password: { deep: secret },
    clientSecret: secret,
    access_token: secret,
    headers: { a: secret },
    body: secret,
    variables: { input: secret },
    nested: [{ token: [secret], kept: 'kept' }],
  });
  expect(JSON.stringify(last())).not.toContain(secret);
  expect(last()['nested']).toEqual([{ token: '[redacted]', kept: 'kept' }]);
});

test('a value that is not plain is logged by its type only', () => {
  const { logger, last } = start();
  logger.info({
    map: new Map([['a', CODE]]),
    bytes: Buffer.from(CODE),
    headers: 1,
    response: new Response(CODE),
    when: new Date(0),
    run: () => CODE,
    symbol: Symbol(CODE),
  });
  expect(last()).toEqual({
    map: '[Map]',
    bytes: '[Buffer]',
    headers: '[redacted]',
    response: '[Response]',
    when: '1970-01-01T00:00:00.000Z',
  });
});

test('a line has a bounded size for any value', () => {
  const { logger, written } = start();
  const circle: Record<string, unknown> = { name: 'circle' };
  circle['self'] = circle;
  logger.info(circle, 'a circle');
  logger.info({ a: 'x'.repeat(1_000_000) }, 'y'.repeat(1_000_000));
  logger.info({ list: Array.from({ length: 100_000 }, (_, n) => ({ n })) }, 'a list');
  logger.info(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`name ${n}`, 'z'.repeat(900)])));
  logger.error(new Error('m'.repeat(100_000), { cause: new Error('c'.repeat(100_000)) }));
  expect(written).toHaveLength(5);
  for (const line of written) {
    expect(line.length).toBeLessThanOrEqual(16_000);
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) });
  }
});

test('a secret at the point where a long text is truncated is removed whole', () => {
  const { logger, written } = start();
  for (let before = 970; before <= 1_000; before += 1)
    logger.info({
      a: `${'-'.repeat(before)}${CODE} ${'-'.repeat(2_000)}`,
      b: `${'-'.repeat(before)}${KEY}${'-'.repeat(2_000)}`,
    });
  expect(written.join('')).not.toMatch(/SP|k3/);
});

test('control characters and line breaks are escaped', () => {
  const { logger, written, last } = start();
  const hostile = '\u001b[2J\u009b2J\r\n{"level":60}\u2028\u2029\u202e\u2066\u0085';
  logger.info({ subject: hostile }, hostile);
  expect(written.join('')).toMatch(/^[ -~]*\n$/);
  expect(last()).toEqual({ subject: hostile, msg: hostile });
});

test('a value whose getter throws does not fail the request that logs it', () => {
  const { logger, last } = start();
  const bomb = {
    get value(): string {
      throw new RangeError('no');
    },
  };
  logger.info(bomb, 'words');
  expect(last()).toEqual({ msg: 'something could not be logged' });
});

test('lines below the level are not written', () => {
  const { logger, written } = start('warn');
  logger.info('a');
  logger.warn('b');
  expect(written).toHaveLength(1);
});
