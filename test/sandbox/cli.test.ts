import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { USAGE } from '../../mocks/sandbox/cli/cli-options.ts';
import { poll, sandboxForTest } from './support-issuer.ts';

// Each test starts processes, which is slow on a busy machine.
const Place = z.object({ url: z.string(), origin: z.string(), port: z.int(), control: z.string() });

/** `sigillo sandbox` in its own process. */
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

test('lists the flags with --help', async () => {
  const { printed, closed } = sandboxProcess(['--help']);
  expect(await closed).toEqual([0, null]);
  expect(printed.out).toBe(USAGE);
});

test('exits with 2 for an unknown flag and refers to --help', async () => {
  const { printed, closed } = sandboxProcess(['--port', 'x']);
  expect(await closed).toEqual([2, null]);
  expect(printed.err).toContain('--port must be');
  expect(printed.err).toContain('--help');
});

test('exits with 1 if the port is in use and suggests another', async () => {
  const { port } = await sandboxForTest();
  const { printed, closed } = sandboxProcess(['--port', String(port)]);
  expect(await closed).toEqual([1, null]);
  expect(printed.err).toBe(`The port ${port} is in use. Use another port, or --port 0 for any free port.\n`);
});

test('exits with 1 at an address of another machine', async () => {
  const { printed, closed } = sandboxProcess(['--host', '192.0.2.1']);
  expect(await closed).toEqual([1, null]);
  expect(printed.err).toBe(
    'The sandbox cannot listen there (EADDRNOTAVAIL). Set --host to an address of this machine.\n',
  );
});

test('prints its addresses as one line of JSON, and exits with 0 on SIGINT', async () => {
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

test('writes the ready file when it listens and removes it on exit', async () => {
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

test('with a frozen clock and a seed, two runs give the same ids', async () => {
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

test('with --strict, exits with 1 and lists contract violations', async () => {
  const sandbox = sandboxProcess(['--json'], { SANDBOX_STRICT: 'true' });
  const { url } = Place.parse(JSON.parse(await sandbox.firstLine()));
  await breakContract(url);
  expect(await sandbox.end()).toEqual([1, null]);
  expect(sandbox.printed.err).toMatch(
    /violations or bugs:\n {2}request of getSignerByFiscalCode \(POST \/api\/v1\/sign\/signers\): body\.fiscal_code/,
  );
});

test('with --strict, exits with 0 without contract violations', async () => {
  const sandbox = sandboxProcess(['--json', '--strict']);
  const { url } = Place.parse(JSON.parse(await sandbox.firstLine()));
  await fetch(`${url}/dossiers/x`, { headers: { 'ocp-apim-subscription-key': 'key' } });
  expect(await sandbox.end()).toEqual([0, null]);
});
