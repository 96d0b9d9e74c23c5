import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Clock } from '../../mocks/sandbox/model/clock.ts';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { FISCAL_CODE, issuerOf, poll, sandboxForTest } from './support-issuer.ts';

test('runs many sandboxes side by side that share nothing', async () => {
  const sandboxes = await Promise.all(Array.from({ length: 10 }, () => sandboxForTest()));
  expect(new Set(sandboxes.map(({ port }) => port)).size).toBe(10);
  const [first, second] = sandboxes;
  if (first === undefined || second === undefined) throw new Error('ten were started');
  const id = await issuerOf(first).createDossier();
  expect(await issuerOf(first).call('GET', `/dossiers/${id}`)).toMatchObject({ status: 200 });
  expect(await issuerOf(second).call('GET', `/dossiers/${id}`)).toMatchObject({ status: 404 });
});

test('the functions of a sandbox work when they are destructured', async () => {
  const sandbox = await startSandbox({ frozenAt: new Date(0) });
  const { seed, snapshot, restore, reset, takeViolations, storedBlobs, storageActivity, close } = sandbox;
  const { now, freeze, advance, resume } = sandbox.clock;
  const { waiting, statusOf, sign, complete } = sandbox.citizen;
  const { add, list, clear } = sandbox.faults;
  const { entries, waitFor, clear: empty } = sandbox.journal;

  const id = '01M8A8M5NSZ7V0M4RKVBRBWNGX';
  await seed({ requests: [{ id, status: 'WAIT_FOR_SIGNATURE' }] });
  const saved = snapshot();
  expect(waiting({ fiscalCode: FISCAL_CODE })).toMatchObject([{ id }]);
  sign(id, { outcome: 'pending' });
  complete(id, 'signed');
  await advance(1_000);
  expect(statusOf(id)).toBe('SIGNED');
  restore(saved);
  expect(statusOf(id)).toBe('WAIT_FOR_SIGNATURE');
  freeze(5);
  expect(now()).toBe(5);
  resume();
  expect(sandbox.clock.frozen).toBe(false);
  const fault = add({ kind: 'latency', ms: 1 });
  expect(list()).toMatchObject([{ id: fault }]);
  expect(clear()).toBe(1);
  await fetch(`${sandbox.url}/unknown`);
  expect(await waitFor({ status: 404 })).toEqual(entries()[0]);
  empty();
  expect(takeViolations()).toHaveLength(1);
  reset();
  expect(entries()).toEqual([]);
  expect(storedBlobs()).toEqual([]);
  expect(storageActivity()).toBeDefined();
  await close();
});

test('close ends open connections and scheduled tasks, and can be called twice', async () => {
  const sandbox = await startSandbox();
  const idle = connect(sandbox.port, '127.0.0.1');
  await once(idle, 'connect');
  const ended = once(idle, 'close');
  await sandbox.close();
  await ended;
  await sandbox.close();
  await expect(fetch(sandbox.url)).rejects.toThrow();
});

test('a closed clock has no timers', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const clock = new Clock({ timeScale: 1, run: () => Promise.resolve() });
  clock.schedule(60_000, 'never');
  expect(timers()).toBe(before + 1);
  await clock.stop();
  expect(timers()).toBe(before);
});

test('two hundred sandboxes leave no resources behind', async () => {
  const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
  const before = sockets();
  /** Every part of a sandbox references its list of violations, so a collected list means a collected sandbox. */
  const lists: WeakRef<Sandbox['violations']>[] = [];
  for (let count = 0; count < 200; count += 1) {
    const sandbox = await startSandbox({ timeScale: 1 });
    lists.push(new WeakRef(sandbox.violations));
    // A call, a scheduled task, and a wait that never ends.
    await sandbox.seed({ requests: [{ status: 'READY' }] });
    const wait = sandbox.journal.waitFor({ operationId: 'sendNotification' }, { timeoutMs: 60_000 });
    // Without `expect`, which would keep a reference to the wait.
    const ended = wait.catch(String);
    await (await fetch(`${sandbox.origin}/_sandbox`)).text();
    await sandbox.close();
    expect(await ended).toBe('Error: The sandbox was closed');
  }
  await poll(() => (sockets() <= before ? true : undefined));
  // Some handles belong to the test runner.
  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThan(20);
  // The last one may still be on the stack.
  await poll(() => {
    collectGarbage();
    return lists.filter((clock) => clock.deref() !== undefined).length <= 1 ? true : undefined;
  });
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}

test('refuses a port that is in use', async () => {
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

test('the Date header is the time of the sandbox', async () => {
  const sandbox = await sandboxForTest({ frozenAt: new Date('2026-03-05T09:14:07.412Z') });
  const paths = ['/api/v1/sign/dossiers/unknown', '/_sandbox/clock', '/nowhere'];
  const dates = async () =>
    Promise.all(
      paths.map(async (path) =>
        (await fetch(sandbox.origin + path, { headers: { 'ocp-apim-subscription-key': 'any' } })).headers.get(
          'date',
        ),
      ),
    );
  expect(await dates()).toEqual(paths.map(() => 'Thu, 05 Mar 2026 09:14:07 GMT'));
  await sandbox.clock.advance(3_600_000);
  expect(await dates()).toEqual(paths.map(() => 'Thu, 05 Mar 2026 10:14:07 GMT'));
});
