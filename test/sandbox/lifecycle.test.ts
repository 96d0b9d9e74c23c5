import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSandbox } from '../../mocks/sandbox/server.ts';
import { makePdf } from '../support/pdf.ts';
import { issuerOf, sandboxForTest } from './support-issuer.ts';

test('runs many sandboxes side by side that share nothing', async () => {
  const sandboxes = await Promise.all(Array.from({ length: 10 }, () => sandboxForTest()));
  expect(new Set(sandboxes.map(({ port }) => port)).size).toBe(10);
  const [first, second] = sandboxes;
  if (first === undefined || second === undefined) throw new Error('ten were started');
  const id = await issuerOf(first).createDossier();
  expect(await issuerOf(first).call('GET', `/dossiers/${id}`)).toMatchObject({ status: 200 });
  expect(await issuerOf(second).call('GET', `/dossiers/${id}`)).toMatchObject({ status: 404 });
});

test('close ends open connections and pending timers, and may be called twice', async () => {
  const before = process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP/.test(kind)).length;
  const sandbox = await startSandbox({ timeScale: 1_000 });
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  await issuer.upload(request, await makePdf());
  const idle = connect(sandbox.port, '127.0.0.1');
  await once(idle, 'connect');
  const ended = once(idle, 'close');
  await sandbox.close();
  await ended;
  await sandbox.close();
  await expect(fetch(sandbox.url)).rejects.toThrow();
  // Only what fetch keeps for itself may remain.
  expect(
    process.getActiveResourcesInfo().filter((kind) => /TCPServer|TCPSOCKETWRAP/.test(kind)).length,
  ).toBeLessThanOrEqual(before);
});

test('refuses a port that is taken', async () => {
  const { port } = await sandboxForTest();
  await expect(startSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('runs as a process that prints its address and ends cleanly on SIGTERM', async () => {
  const child = spawn(process.execPath, ['mocks/sandbox/main.ts'], {
    env: { ...process.env, SANDBOX_PORT: '0' },
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  while (!printed.includes('API key')) await once(child.stdout, 'data');
  const url = /http:\/\/localhost:\d+\/api\/v1\/sign/.exec(printed)?.[0] ?? '';
  const answer = await fetch(`${url}/dossiers/x`, { headers: { 'ocp-apim-subscription-key': 'key' } });
  expect(answer.status).toBe(404);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
