import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { CallFault } from '../../mocks/sandbox/faults/fault.ts';
import { makePdf } from '../support/pdf.ts';
import { openSocket } from '../support/raw-http.ts';
import { askForSignature } from '../support/request-signature.ts';
import { startGateway } from '../support/start-gateway.ts';

type World = Awaited<ReturnType<typeof startGateway>>;

const PDF = await makePdf();
const ROUNDS = 8;
const MIB = 1024 * 1024;
/** Allowed growth of the heap: keys are kept for a day. */
const TOLERATED_MIB = 4;
/** Keep-alive connections. */
const TOLERATED_HANDLES = 4;

const FAULTS: readonly CallFault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 401 },
  { kind: 'rate-limit', retryAfterSeconds: 1 },
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'reset', when: 'middle' },
  { kind: 'latency', ms: 2_000 },
  { kind: 'slow-body', ms: 2_000 },
  { kind: 'malformed-body' },
  { kind: 'truncated-body' },
  { kind: 'wrong-content-type' },
];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Complete flows, subscribers that disconnect, aborted uploads and clients that do not wait, while every third call fails.
 */
async function round(world: World): Promise<void> {
  const { sandbox, url } = world;
  const { requests } = await sandbox.seed({ requests: [{ status: 'DRAFT', count: 5 }] });
  for (const fault of FAULTS) sandbox.faults.add({ ...fault, probability: 1 / 3 / FAULTS.length });
  const flows = Array.from({ length: 10 }, (_, nth) =>
    askForSignature(url, { idempotencyKey: crypto.randomUUID(), waitSeconds: 5 + nth }, [PDF, PDF]),
  );
  const others = requests.flatMap(({ id, documentIds }) => [
    leaveAfter(url, `subscription { signatureRequestChanged(id: "${id}") { id status } }`),
    leaveAfter(url, `mutation { markReady(input: { signatureRequestId: "${id}" }) { __typename } }`),
    breakOff(url, { signatureRequestId: id, documentId: documentIds[0] }),
  ]);
  await Promise.all([...flows, ...others]);
  sandbox.faults.clear();
}

/** Sends an operation, and disconnects while it runs. */
async function leaveAfter(url: string, query: string): Promise<void> {
  const { socket } = await openSocket(url);
  const body = JSON.stringify({ query });
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream, application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await pause(100 + Math.random() * 400);
  socket.destroy();
}

/** Sends half of a file, and disconnects. */
async function breakOff(url: string, input: object): Promise<void> {
  const { socket } = await openSocket(url);
  const query = 'mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }';
  const operations = JSON.stringify({ query, variables: { input: { ...input, file: null } } });
  const part = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${value}\r\n`;
  const body = [
    part('operations', `\r\n\r\n${operations}`),
    part('map', '\r\n\r\n{"0":["variables.input.file"]}'),
    part('0', '; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7'),
  ].join('');
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n${body}`,
  );
  await pause(100 + Math.random() * 400);
  socket.destroy();
}

/** The handles and heap of the gateway after its last upstream call. The state of the sandbox is reset first. */
async function atRest({ sandbox }: World): Promise<{ handles: number; heap: number }> {
  let calls = -1;
  await expect
    .poll(() => calls === (calls = sandbox.journal.entries().length), { interval: 2_000, timeout: 60_000 })
    .toBe(true);
  sandbox.reset();
  await pause(6_000); // until idle connections are closed
  expect(sandbox.journal.entries()).toEqual([]); // no polls are left
  collectGarbage();
  return { handles: process.getActiveResourcesInfo().length, heap: process.memoryUsage().heapUsed };
}

test(
  'failed operations, disconnected clients and aborted uploads leave no resources behind',
  { timeout: 300_000 },
  async () => {
    const world = await startGateway({ upstreamTimeoutMs: 1_000, idempotency: { settle: 300 } });
    for (let warmUp = 0; warmUp < 2; warmUp += 1) await round(world);
    const before = await atRest(world);
    for (let nth = 0; nth < ROUNDS; nth += 1) await round(world);
    const after = await atRest(world);
    expect(after.handles).toBeLessThanOrEqual(before.handles + TOLERATED_HANDLES);
    expect((after.heap - before.heap) / MIB).toBeLessThan(TOLERATED_MIB);
  },
);
