import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { USAGE, UsageError, parseCliOptions } from '../../mocks/sandbox/cli/cli-options.ts';
import { poll, sandboxForTest } from './support-issuer.ts';

// Each starts processes, which take their time on a machine that is busy.
const Place = z.object({ url: z.string(), origin: z.string(), port: z.int(), control: z.string() });

/** `sigillo sandbox` as a process of its own. */
function sandboxProcess(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['mocks/sandbox/main.ts', ...args], {
    env: { ...process.env, SANDBOX_PORT: '0', ...env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const printed = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.err += text));
  const closed = once(child, 'close');
  return {
    printed,
    /** The first whole line of its output. */
    async firstLine() {
      while (!printed.out.includes('\n')) await once(child.stdout, 'data');
      return printed.out.slice(0, printed.out.indexOf('\n'));
    },
    async end(signal: NodeJS.Signals = 'SIGTERM') {
      child.kill(signal);
      return closed;
    },
    closed,
  };
}

const breakContract = (url: string) =>
  fetch(`${url}/signers`, {
    method: 'POST',
    headers: { 'ocp-apim-subscription-key': 'key', 'content-type': 'application/json' },
    body: '{"fiscal_code":"nope"}',
  });

test('the command line wins over the environment, and both over the defaults', () => {
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

test('names every mistake at once', () => {
  expect(() => parseCliOptions(['--port', 'x', '--seed', 'y'], { SANDBOX_STRICT: 'z' })).toThrow(
    /^--port .*\n--seed .*\nSANDBOX_STRICT .*$/,
  );
});

test('says what the flags are', async () => {
  const { printed, closed } = sandboxProcess(['--help']);
  expect(await closed).toEqual([0, null]);
  expect(printed.out).toBe(USAGE);
});

test('ends with 2 on a wrong flag and says where to look', async () => {
  const { printed, closed } = sandboxProcess(['--port', 'x']);
  expect(await closed).toEqual([2, null]);
  expect(printed.err).toContain('--port must be');
  expect(printed.err).toContain('--help');
});

test('ends with 1 when the port is taken and says what to do', async () => {
  const { port } = await sandboxForTest();
  const { printed, closed } = sandboxProcess(['--port', String(port)]);
  expect(await closed).toEqual([1, null]);
  expect(printed.err).toMatch(/EADDRINUSE.*--port 0/);
});

test('prints where it is as one line of JSON, and ends with 0 on SIGINT', async () => {
  const sandbox = sandboxProcess(['--json', '--host', '0.0.0.0']);
  const { url, origin, port, control } = Place.parse(JSON.parse(await sandbox.firstLine()));
  expect([url, control]).toEqual([`${origin}/api/v1/sign`, `${origin}/_sandbox`]);
  expect(origin).toBe(`http://127.0.0.1:${port}`);
  expect((await breakContract(url)).status).toBe(422);
  expect(await sandbox.end('SIGINT')).toEqual([0, null]);
  expect(sandbox.printed.out.trim().split('\n')).toHaveLength(1);
  expect(sandbox.printed.err).toMatch(
    /^contract violation: request of getSignerByFiscalCode \(POST \/api\/v1\/sign\/signers\): body.fiscal_code: .+\n$/,
  );
});

test('writes a file once it is ready and removes it at the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'ready');
  writeFileSync(file, 'left by a process that was killed');
  const sandbox = sandboxProcess(['--ready-file', file]);
  await sandbox.firstLine();
  const { url } = Place.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect((await breakContract(url)).status).toBe(422);
  await sandbox.end();
  await poll(() => (existsSync(file) ? undefined : true));
});

test('takes time and seed from its flags, so that two runs give the same identifiers', async () => {
  const ids = [];
  for (let run = 0; run < 2; run += 1) {
    const sandbox = sandboxProcess(['--json', '--seed', '3', '--frozen-at', '2026-03-05T09:00:00Z']);
    const { url } = Place.parse(JSON.parse(await sandbox.firstLine()));
    const answer = await fetch(`${url}/dossiers`, {
      method: 'POST',
      headers: { 'ocp-apim-subscription-key': 'key', 'content-type': 'application/json' },
      body: '{"title":"Assunzione","documents_metadata":[{"title":"Contratto"}]}',
    });
    ids.push(await answer.text());
    await sandbox.end();
  }
  expect(ids[0]).toContain('2026-03-05T09:00:00.000Z');
  expect(ids[0]).toBe(ids[1]);
});

test('strict, it ends with 1 and the list when the contract was broken', async () => {
  const sandbox = sandboxProcess(['--json'], { SANDBOX_STRICT: 'true' });
  const { url } = Place.parse(JSON.parse(await sandbox.firstLine()));
  await breakContract(url);
  expect(await sandbox.end()).toEqual([1, null]);
  expect(sandbox.printed.err).toMatch(
    /violations or bugs:\n {2}request of getSignerByFiscalCode \(POST \/api\/v1\/sign\/signers\): body\.fiscal_code/,
  );
});

test('strict, it ends with 0 when nobody broke the contract', async () => {
  const sandbox = sandboxProcess(['--json', '--strict']);
  const { url } = Place.parse(JSON.parse(await sandbox.firstLine()));
  await fetch(`${url}/dossiers/x`, { headers: { 'ocp-apim-subscription-key': 'key' } });
  expect(await sandbox.end()).toEqual([0, null]);
});
