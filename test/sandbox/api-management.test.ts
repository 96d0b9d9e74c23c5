import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { INVALID_KEY, MISSING_KEY, NO_SUCH_PATH, gatewayError, shown } from './support-answers.ts';
import { issuerOf, START, sandboxForTest } from './support-issuer.ts';

// Conforms (Keys and limits, Azure): A missing or invalid key is a 401 with the text of API Management.
test('answers 401 in the form of the gateway without a key, and with a wrong one', async () => {
  const sandbox = await sandboxForTest({ apiKeys: ['good'] });
  const missing = await issuerOf(sandbox, '').call('GET', '/dossiers/x');
  expect(shown(missing)).toEqual(MISSING_KEY);
  expect(missing.headers.has('x-rate-limit-remaining')).toBe(false);

  expect(shown(await issuerOf(sandbox, 'bad').call('GET', '/dossiers/x'))).toEqual(INVALID_KEY);
  expect(await issuerOf(sandbox, 'good').call('GET', '/dossiers/x')).toMatchObject({ status: 404 });
  sandbox.takeViolations();
});

test('accepts any key by default', async () => {
  const sandbox = await sandboxForTest();
  expect(
    await issuerOf(sandbox, 'whatever').call('POST', '/signers', { fiscal_code: 'SPNDNL80R13C555X' }),
  ).toMatchObject({
    status: 200,
  });
});

// Conforms (Keys and limits, manual): 150 calls per key in 5 seconds, x-rate-limit-remaining on answers,
// x-rate-limit-retry-after on a 429.
test('allows 150 calls per key in 5 seconds and returns the number of remaining calls', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { clock } = sandbox;
  const issuer = issuerOf(sandbox);
  const remaining = [];
  for (let count = 0; count < 150; count += 1) {
    const { headers } = await issuer.call('GET', '/dossiers/x');
    remaining.push(headers.get('x-rate-limit-remaining'));
  }
  expect([remaining[0], remaining[149]]).toEqual(['149', '0']);

  await clock.advance(1_500);
  const refused = await issuer.call('GET', '/dossiers/x');
  expect(shown(refused)).toEqual(gatewayError(429, 'Rate limit is exceeded. Try again in 4 seconds.'));
  expect(refused.headers.get('x-rate-limit-retry-after')).toBe('4');
  expect(await issuerOf(sandbox, 'another').call('GET', '/dossiers/x')).toMatchObject({ status: 404 });

  await clock.advance(3_500);
  expect(await issuer.call('GET', '/dossiers/x')).toMatchObject({ status: 404 });
});

test('does not count calls when the rate limit is disabled', async () => {
  const issuer = issuerOf(await sandboxForTest({ rateLimit: false }));
  const { headers } = await issuer.call('GET', '/dossiers/x');
  expect(headers.has('x-rate-limit-remaining')).toBe(false);
});

// Conforms (Errors, Azure): Unknown paths and methods, including GET /info, are a 404 in the format of the gateway.
test.each([
  ['GET', '/nope'],
  ['GET', '/info'],
  ['GET', '/dossiers'],
  ['DELETE', '/dossiers/x'],
  ['PATCH', '/dossiers/x'],
])('answers %s %s, which it does not have, with the 404 of the gateway', async (method, path) => {
  const sandbox = await sandboxForTest();
  expect(shown(await issuerOf(sandbox).call(method, path))).toEqual(NO_SUCH_PATH);
  expect(sandbox.takeViolations()).toMatchObject([
    { direction: 'request', operationId: undefined, method, path: `/api/v1/sign${path}` },
  ]);
});

test('answers HEAD without a body and everything outside the API with a 404', async () => {
  const sandbox = await sandboxForTest();
  const head = await fetch(`${sandbox.url}/dossiers/x`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([404, '']);
  expect((await fetch(`${sandbox.origin}/api/v1`)).status).toBe(404);
  expect((await fetch(`${sandbox.origin}/dossiers`)).status).toBe(404);
  sandbox.takeViolations();
});

test('treats an invalid percent-encoding as an id that does not exist', async () => {
  const sandbox = await sandboxForTest();
  expect(await issuerOf(sandbox).call('GET', '/dossiers/%zz')).toMatchObject({ status: 404 });
  expect(await issuerOf(sandbox).call('GET', '/dossiers/a%2Fb')).toMatchObject({ status: 404 });
  expect(sandbox.takeViolations()).toHaveLength(1);
});

// Conforms (Keys and limits, service): CORS allows any origin, method and header, and exposes all response headers.
test('allows browsers of every origin', async () => {
  const sandbox = await sandboxForTest();
  const preflight = await fetch(`${sandbox.url}/dossiers`, {
    method: 'OPTIONS',
    headers: { origin: 'https://example.it', 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(200);
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': '*',
    'access-control-allow-headers': '*',
  });
  for (const path of ['/dossiers/none', '/nothing']) {
    const { headers } = await fetch(`${sandbox.url}${path}`, { headers: { origin: 'https://example.it' } });
    expect(Object.fromEntries(headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': '*',
    });
  }
  sandbox.takeViolations();
});

// Conforms (Errors, service): Responses of the backend have a fixed set of security headers, including 204.
test('sends the security headers of the service with every response', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const { id } = await issuer.createReadyToSend();
  const answers = [
    await issuer.setStatus(id, 'READY'),
    await issuer.call('GET', '/dossiers/x'),
    await issuer.call('GET', `/signature-requests/${id}`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([204, 404, 200]);
  for (const { headers } of answers) {
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; upgrade-insecure-requests",
      'strict-transport-security': 'max-age=15552000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
  }
});

test('refuses a body over the limit of the service', async () => {
  const sandbox = await sandboxForTest();
  const body = new Uint8Array(100 * 1_024 * 1_024 + 1);
  expect(await issuerOf(sandbox).call('POST', '/validate-document', body)).toMatchObject({ status: 413 });
});

test('stays up when a client disconnects in the middle of its body', async () => {
  const sandbox = await sandboxForTest();
  const socket = connect(sandbox.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST /api/v1/sign/dossiers HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"title"');
  socket.end();
  await once(socket.resume(), 'close');
  expect(await issuerOf(sandbox).call('GET', '/dossiers/x')).toMatchObject({ status: 404 });
});
