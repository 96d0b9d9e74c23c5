import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { openSocket } from '../support/raw-http.ts';
import { startGateway } from '../support/start-gateway.ts';
import { makePdf } from '../support/pdf.ts';
import { requestSignature } from '../support/request-signature.ts';

/*
 * Network failures that the sandbox cannot simulate, because they happen before a connection works. Faults of the sandbox:
 * test/resilience/faults.test.ts, service-faults.test.ts, storage-faults.test.ts and unknown-outcomes.test.ts. Slow clients:
 * test/security/slow-clients.test.ts. Failures of Redis: test/redis/.
 */
const PDF = await makePdf();
const KEY = { idempotencyKey: '0f8fad5b-d9cb-469f-a165-70867728950e' };
const DOSSIER = '{ dossier(id: "01KJYMD75M8Q4V6W9X0Y2Z7A1C") { id } }';
const DEADLINE_MS = 1_000;
/** Tolerance for a busy machine. */
const SLACK_MS = 5_000;

async function timed<T>(work: () => Promise<T>): Promise<T> {
  const beganAt = performance.now();
  const result = await work();
  expect(performance.now() - beganAt).toBeLessThan(DEADLINE_MS + SLACK_MS);
  return result;
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Accepts connections, reads everything, and never answers. */
async function startSilentServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.resume().on('error', () => {}));
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return { sockets, origin: `http://127.0.0.1:${port}` };
}

const startBefore = (origin: string, options: GatewayOverrides = {}) =>
  startGateway({
    apiUrl: new URL(`${origin}/api/v1/sign`),
    storageHosts: [origin],
    upstreamTimeoutMs: DEADLINE_MS,
    ...options,
  });

test.each([
  ['whose name does not resolve', 'http://no-such-host.invalid', 'UPSTREAM_UNAVAILABLE'],
  ['whose port is closed', 'http://127.0.0.1:1', 'UPSTREAM_UNAVAILABLE'],
])('a service %s is reported within the deadline, and no outcome is unknown', async (_, origin, fault) => {
  const gateway = await startBefore(origin);
  expect(await timed(() => gateway.run(DOSSIER))).toMatchObject({
    data: { dossier: null },
    errors: [{ extensions: { code: fault } }],
  });
  const signer = { id: '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11' };
  expect(await timed(() => requestSignature(gateway, { ...KEY, signer }, [PDF]))).toMatchObject({
    step: 'CREATE_DOSSIER',
    cause: { __typename: 'ServiceFaultError', fault },
  });
});

test('a call to a service that never answers ends at the deadline, and its connection is closed', async () => {
  const silent = await startSilentServer();
  const gateway = await startBefore(silent.origin);
  const before = timers();
  const answers = await timed(() => Promise.all(Array.from({ length: 5 }, () => gateway.run(DOSSIER))));
  for (const answer of answers)
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] });
  await expect.poll(() => silent.sockets.size).toBe(0);
  await expect.poll(timers).toBeLessThanOrEqual(before + 2);
});

test('a write to a service that never answers has an unknown outcome, and so has its retry', async () => {
  const silent = await startSilentServer();
  const gateway = await startBefore(silent.origin);
  const signer = { id: '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11' };
  for (const attempt of [1, 2])
    expect(
      await timed(() => requestSignature(gateway, { ...KEY, signer }, [PDF])),
      `attempt ${attempt}`,
    ).toMatchObject({ step: 'CREATE_DOSSIER', cause: { __typename: 'OutcomeUnknownError' } });
  await expect.poll(() => silent.sockets.size).toBe(0);
});

test('clients that stop during a request, with or without a disconnect, keep no resources', async () => {
  const gateway = await startGateway({ clientTimes: { headers: 200, body: 200, checkEvery: 20 } });
  const half = ['POST /graphql HTTP/1.1\r\nHost: localhost\r\n', 'Content-Length: 500\r\n\r\n{"query":'];
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(gateway.url)));
  sockets.forEach(({ socket }, nth) => {
    socket.write(nth % 2 === 0 ? (half[0] ?? '') : half.join(''));
    if (nth % 4 === 0) socket.resetAndDestroy();
  });
  await Promise.all(sockets.map(({ closed }) => closed()));
  expect(await gateway.run('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  expect(gateway.sandbox.journal.entries()).toEqual([]);
});
