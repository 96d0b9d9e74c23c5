import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { runMain } from '../support/start-main.ts';

const post = (url: string, query: string): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });

test('without a key it starts with its sandbox, prints its URL, and stops on SIGTERM', async () => {
  const main = runMain({});
  const url = await main.url();
  expect(main.output.stdout).toMatch(
    /^Sigillo: open http:\/\/localhost:\d+\/graphql \(GraphiQL\) or http:\/\/localhost:\d+ \(workbench\); it talks to the sandbox at http:\/\/localhost:\d+\/api\/v1\/sign\n$/,
  );
  const answer = await post(url, '{ signatureRequest(id: "unknown") { id } }');
  expect(await answer.json()).toEqual({ data: { signatureRequest: null } });
  main.child.kill('SIGTERM');
  expect(await main.ended()).toMatchObject({ code: 0, stderr: '' });
});

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
);

test.skipIf(!hasIpv6)('with HOST=:: it can be reached as localhost, 127.0.0.1 and ::1', async () => {
  const main = runMain({ HOST: '::' });
  const { port } = new URL(await main.url());
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    const answer = await post(`http://${host}:${port}/graphql`, '{ __typename }');
    expect(await answer.json()).toEqual({ data: { __typename: 'Query' } });
  }
});

test('with a key it calls the service, and never prints the key', async () => {
  const service = await startHttpStub((_, res) => sendJson(res, 401, { statusCode: 401, message: 'no' }));
  const FIRMA_API_KEY = 'k3y-that-is-secret';
  const FIRMA_API_URL = `${service.origin}/api/v1/sign`;
  const main = runMain({ FIRMA_API_KEY, FIRMA_API_URL, AUTH: 'none', LOG_LEVEL: 'trace' });
  const url = await main.url();
  expect(main.output.stdout).toContain(`; it talks to ${FIRMA_API_URL}\n`);
  const answer = await post(url, '{ dossier(id: "d1") { id } }');
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_REFUSED' } }] });
  expect(service.calls[0]?.headers).toMatchObject({ 'ocp-apim-subscription-key': FIRMA_API_KEY });
  main.child.kill('SIGINT');
  const { code, stdout, stderr } = await main.ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('"cause":"getDossier: unauthorized (HTTP 401)"');
  expect(stdout).not.toContain(FIRMA_API_KEY);
});

test('after SIGTERM requests in flight are answered, and new connections are refused', async () => {
  const reached = Promise.withResolvers<void>();
  const service = await startHttpStub(async (_, res) => {
    await reached.promise;
    sendJson(res, 404, { status: 404, detail: 'not here' });
  });
  const main = runMain({ FIRMA_API_KEY: 'key', FIRMA_API_URL: service.origin, AUTH: 'none' });
  const url = await main.url();
  const running = post(url, '{ dossier(id: "d1") { id } }');
  await expect.poll(() => service.calls.length).toBe(1);
  main.child.kill('SIGTERM');
  await expect.poll(() => post(url, '{ __typename }').catch(() => 'refused')).toBe('refused');
  expect(main.child.exitCode).toBeNull();
  reached.resolve();
  expect(await (await running).json()).toEqual({ data: { dossier: null } });
  expect(await main.ended()).toMatchObject({ code: 0, stderr: '' });
});

test('a second signal exits immediately', async () => {
  const service = await startHttpStub(() => {});
  const main = runMain({ FIRMA_API_KEY: 'key', FIRMA_API_URL: service.origin, AUTH: 'none' });
  const url = await main.url();
  const running = post(url, '{ dossier(id: "d1") { id } }').catch(() => 'cut off');
  await expect.poll(() => service.calls.length).toBe(1);
  main.child.kill('SIGTERM');
  await expect.poll(() => post(url, '{ __typename }').catch(() => 'refused')).toBe('refused');
  main.child.kill('SIGTERM');
  expect((await main.ended()).code).toBe(1);
  expect(await running).toBe('cut off');
});

test('a second signal of another kind exits immediately too, but Ctrl-C that npm passes on does not count as a second one', async () => {
  const service = await startHttpStub(() => {});
  const main = runMain({ FIRMA_API_KEY: 'key', FIRMA_API_URL: service.origin, AUTH: 'none' });
  const url = await main.url();
  const running = post(url, '{ dossier(id: "d1") { id } }').catch(() => 'cut off');
  await expect.poll(() => service.calls.length).toBe(1);
  main.child.kill('SIGINT');
  main.child.kill('SIGINT');
  await expect.poll(() => post(url, '{ __typename }').catch(() => 'refused')).toBe('refused');
  expect(main.child.exitCode).toBeNull();
  main.child.kill('SIGTERM');
  expect((await main.ended()).code).toBe(1);
  expect(await running).toBe('cut off');
});

test('SIGHUP shuts it down gracefully, and is never a second signal', async () => {
  const released = Promise.withResolvers<void>();
  const service = await startHttpStub(async (_, res) => {
    await released.promise;
    sendJson(res, 404, { status: 404, detail: 'not here' });
  });
  const main = runMain({ FIRMA_API_KEY: 'key', FIRMA_API_URL: service.origin, AUTH: 'none' });
  const url = await main.url();
  const running = post(url, '{ dossier(id: "d1") { id } }');
  await expect.poll(() => service.calls.length).toBe(1);
  main.child.kill('SIGHUP');
  await expect.poll(() => main.output.stdout).toContain('shutting down: waiting for in-flight requests');
  main.child.kill('SIGHUP');
  await expect.poll(() => post(url, '{ __typename }').catch(() => 'refused')).toBe('refused');
  expect(main.child.exitCode).toBeNull();
  released.resolve();
  expect(await (await running).json()).toEqual({ data: { dossier: null } });
  expect(await main.ended()).toMatchObject({ code: 0, stderr: '' });
});

test.runIf(process.platform === 'linux')('it shuts down gracefully when its terminal is closed', async () => {
  const command = `"${process.execPath}" src/main.ts 2>&3`;
  const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], PORT: '0', SANDBOX_PORT: '0' },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  let printed = '';
  terminal.stdout?.on('data', (chunk) => (printed += String(chunk)));
  await expect.poll(() => printed).toContain('Ctrl-C stops it');
  const complaints = text(terminal.stdio[3] as Readable); // until the process has exited
  terminal.kill('SIGKILL');
  expect(await complaints).toBe('');
});

test('requests in flight have the configured grace period, and then it still exits gracefully', async () => {
  const service = await startHttpStub(() => {});
  const env = {
    FIRMA_API_KEY: 'key',
    FIRMA_API_URL: service.origin,
    AUTH: 'none',
    SHUTDOWN_GRACE_SECONDS: '0',
  };
  const main = runMain(env);
  const running = post(await main.url(), '{ dossier(id: "d1") { id } }');
  await expect.poll(() => service.calls.length).toBe(1);
  main.child.kill('SIGTERM');
  expect(await (await running).json()).toMatchObject({
    errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }],
  });
  expect(await main.ended()).toMatchObject({ code: 0, stderr: '' });
});

/** It exits with 1, and reports why it could not start on stderr only. */
async function expectNoStart(env: Readonly<Record<string, string>>, reason: string): Promise<void> {
  const { code, stdout, stderr } = await runMain(env).ended();
  const report = `Sigillo could not start. ${reason}\n`;
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: report });
}

test('an unreadable key file is reported in one line, and it exits', async () => {
  await expectNoStart(
    { FIRMA_API_KEY_FILE: '/nowhere/key', AUTH: 'none' },
    'Invalid configuration:\n  FIRMA_API_KEY_FILE: must be a readable file',
  );
});

test.each([
  ['PORT', 'Set PORT to a free port.'],
  [
    'SANDBOX_PORT',
    'Set SANDBOX_PORT to a free port, or SANDBOX_URL to the URL of the sandbox that runs there.',
  ],
  ['METRICS_PORT', 'Set METRICS_PORT to a free port.'],
])('a %s that is in use is reported in one line that names it, and it exits', async (name, remedy) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  // A server that listens on TCP has an address of this form.
  const { port } = other.address() as AddressInfo;
  await expectNoStart({ [name]: String(port) }, `127.0.0.1:${port} is in use. ${remedy}`);
});

test('a checkout without the packages of the sandbox says what to do, and it exits', async () => {
  const withoutPrism = `import{registerHooks}from'node:module';registerHooks({resolve(name,context,next){return next(name.startsWith('@stoplight/')?'@missing/package':name,context)}})`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(withoutPrism)}`;
  await expectNoStart(
    { NODE_OPTIONS },
    'Without FIRMA_API_KEY a sandbox starts, whose packages are not installed: set FIRMA_API_KEY, or run `npm ci` without --omit=dev.',
  );
});

test('an unreachable Redis is reported in one line, and it exits', async () => {
  const REDIS_URL = 'redis://user:passw0rd@127.0.0.1:1';
  await expectNoStart(
    { REDIS_URL },
    'Redis at 127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1. Set REDIS_URL to one that runs, or leave it out.',
  );
});

test.each([
  [
    {},
    /^Sigillo could not start\. Invalid configuration:\n  WEB_CONCURRENCY: more than 1 requires REDIS_URL: .*\n$/,
  ],
  [
    { REDIS_URL: 'redis://127.0.0.1:1' },
    /^Sigillo could not start\. Redis at 127\.0\.0\.1:1 cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1\. Set REDIS_URL to .*\n$/,
  ],
])(
  'a mistake that prevents the start of two workers is reported once, and it exits: %j',
  async (env, message) => {
    const { code, stdout, stderr } = await runMain({ WEB_CONCURRENCY: '2', ...env }).ended();
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
  },
);

test('an invalid configuration is reported without a stack, and it exits', async () => {
  await expectNoStart(
    { PORT: 'x', LOG_LEVEL: 'loud' },
    `Invalid configuration:
  PORT: must be a whole number, 0 to 65535
  LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent`,
  );
});

test.each([
  ['HOST', 'host.invalid'],
  ['HOST', '192.0.2.1'],
  ['METRICS_HOST', 'host.invalid'],
])(
  'a %s that is not an address of this machine is reported in one line that names it: %s',
  async (name, host) => {
    const { code, stderr } = await runMain({ [name]: host, METRICS_PORT: '0' }).ended();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        new RegExp(
          `^Sigillo could not start\\. No server can listen on ${host}.*\\. Set ${name} to an address of this machine\\.\\n$`,
        ),
      ),
    });
  },
);

test('a misspelled variable is a warning with the likely name', async () => {
  const main = runMain({ FIRMA_APIKEY: 'k3y-that-is-secret' });
  await main.url();
  expect(main.output.stdout).toContain(
    '"msg":"FIRMA_APIKEY is not a variable of Sigillo: did you mean FIRMA_API_KEY?"',
  );
  expect(main.output.stdout).not.toContain('k3y-that-is-secret');
});
