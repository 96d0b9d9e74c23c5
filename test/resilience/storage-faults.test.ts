import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { CallFault } from '../../mocks/sandbox/faults/fault.ts';
import type { SandboxOptions } from '../../mocks/sandbox/http/server.ts';
import { draftOf } from '../support/draft.ts';
import { makePdf } from '../support/pdf.ts';
import { UPSTREAM_WORDS, expectNoSecrets, logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

type Operation = 'putBlob' | 'putBlock' | 'putBlockList';
type Calls = Readonly<Record<Operation, number>>;

const MIB = 1024 * 1024;
/** A little more than one block, which is staged as two blocks; and less than a block, which one call writes. */
const LARGE = await makePdf({ padToBytes: 5 * MIB });
const SMALL = await makePdf();
const sizeFor = (operation: Operation) => (operation === 'putBlob' ? SMALL : LARGE);

async function startWorld(options: SandboxOptions = {}) {
  const logs = logSink();
  const gateway = await startGateway({ logger: logs.logger }, options);
  const [target] = await draftOf(gateway);
  return { ...gateway, logs, target };
}

type World = Awaited<ReturnType<typeof startWorld>>;

const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename
  ... on UploadDocumentPayload { sizeBytes sha256 document { status } } ... on Error { code message } } }`;

/** The outcome of `uploadDocument`, or the codes of its errors. */
async function uploaded({ upload, target, logs }: World, file: Buffer<ArrayBuffer>) {
  const input = { ...target, file: null };
  const answer = await upload(UPLOAD, { input }, file);
  expectNoSecrets(JSON.stringify(answer));
  logs.expectNoSecrets();
  return answer.data['uploadDocument'] ?? answer.errors?.map(({ extensions }) => extensions['code']);
}

function callsOf({ sandbox }: World): Calls {
  const count = (operationId: Operation) => sandbox.journal.entries({ operationId }).length;
  return { putBlob: count('putBlob'), putBlock: count('putBlock'), putBlockList: count('putBlockList') };
}

const stored = (file: Buffer) => ({
  __typename: 'UploadDocumentPayload',
  sizeBytes: file.length,
  sha256: createHash('sha256').update(file).digest('hex'),
  document: { status: 'READY' },
});

const UNDISTURBED: Readonly<Record<Operation, Calls>> = {
  putBlob: { putBlob: 1, putBlock: 0, putBlockList: 0 },
  putBlock: { putBlob: 0, putBlock: 2, putBlockList: 1 },
  putBlockList: { putBlob: 0, putBlock: 2, putBlockList: 1 },
};
const OPERATIONS = ['putBlob', 'putBlock', 'putBlockList'] as const;
const busy: CallFault = { kind: 'status', status: 503, detail: UPSTREAM_WORDS };

/** Faults that the client of the storage retries or does not notice. */
const PASSING: readonly [string, CallFault, retries: number][] = [
  ['is busy', { ...busy, count: 1 }, 1],
  ['is throttled', { kind: 'rate-limit', count: 1 }, 1],
  ['fails', { kind: 'status', status: 500, code: 'OperationTimedOut', count: 1 }, 1],
  ['is behind a proxy that fails', { kind: 'wrong-content-type', status: 502, count: 1 }, 1],
  ['closes the connection before it reads anything', { kind: 'reset', when: 'before', count: 1 }, 1],
  ['answers late', { kind: 'latency', ms: 50, jitterMs: 50 }, 0],
  ['answers slowly', { kind: 'slow-body', ms: 50 }, 0],
  // The body of a success is not used.
  ['sends an invalid body with its success', { kind: 'malformed-body' }, 0],
  ['sends half of its body', { kind: 'truncated-body' }, 0],
];

test.each(OPERATIONS.flatMap((operation) => PASSING.map((row) => [operation, ...row] as const)))(
  'an upload recovers when the storage, at %s, %s',
  async (operation, _, fault, retries) => {
    const world = await startWorld();
    world.sandbox.faults.add({ ...fault, operation });
    const file = sizeFor(operation);
    expect(await uploaded(world, file)).toEqual(stored(file));
    const undisturbed = UNDISTURBED[operation];
    expect(callsOf(world)).toEqual({ ...undisturbed, [operation]: undisturbed[operation] + retries });
    expect(world.logs.lines()).toEqual([]);
  },
);

test.each([1, 2])('an upload recovers when block %i fails once', async (nth) => {
  const world = await startWorld();
  world.sandbox.faults.add({ ...busy, operation: 'putBlock', nth });
  expect(await uploaded(world, LARGE)).toEqual(stored(LARGE));
  expect(callsOf(world)).toEqual({ putBlob: 0, putBlock: 3, putBlockList: 1 });
});

/** Permanent faults and their errors. Four attempts, or one where a retry cannot succeed. */
const LASTING: readonly [string, CallFault, code: string, attempts: number][] = [
  ['is busy', busy, 'UPSTREAM_UNAVAILABLE', 4],
  ['breaks off', { kind: 'reset', when: 'before' }, 'UPSTREAM_TIMEOUT', 4],
  ['refuses the address', { kind: 'status', status: 403 }, 'UPSTREAM_REFUSED', 1],
  ['has no such container', { kind: 'status', status: 404 }, 'UPSTREAM_CONTRACT', 1],
  ['refuses the call', { kind: 'status', status: 400, detail: UPSTREAM_WORDS }, 'UPSTREAM_CONTRACT', 1],
  ['answers with a web page', { kind: 'wrong-content-type' }, 'UPSTREAM_CONTRACT', 1],
];

/** What was written before each operation. */
const BEFORE: Readonly<Record<Operation, Calls>> = {
  putBlob: { putBlob: 0, putBlock: 0, putBlockList: 0 },
  putBlock: { putBlob: 0, putBlock: 0, putBlockList: 0 },
  putBlockList: { putBlob: 0, putBlock: 2, putBlockList: 0 },
};

test.each(OPERATIONS.flatMap((operation) => LASTING.map((row) => [operation, ...row] as const)))(
  'nothing is stored when the storage, at %s, %s permanently',
  async (operation, _, fault, code, attempts) => {
    const world = await startWorld();
    world.sandbox.faults.add({ ...fault, operation });
    expect(await uploaded(world, sizeFor(operation))).toEqual([code]);
    expect(callsOf(world)).toEqual({ ...BEFORE[operation], [operation]: attempts });
    expect(world.sandbox.storedBlobs()).toEqual([]);
    expect(world.logs.lines()).toMatchObject([{ level: 40, code, msg: 'upstream fault' }]);
  },
);

test('nothing is stored when a later block fails permanently, and the next upload succeeds', async () => {
  const world = await startWorld();
  world.sandbox.faults.add({ ...busy, operation: 'putBlock', nth: 2, count: 100 });
  expect(await uploaded(world, LARGE)).toEqual(['UPSTREAM_UNAVAILABLE']);
  expect(callsOf(world)).toEqual({ putBlob: 0, putBlock: 5, putBlockList: 0 });
  expect(world.sandbox.storedBlobs()).toEqual([]);
  world.sandbox.faults.clear();
  expect(await uploaded(world, LARGE)).toEqual(stored(LARGE));
});

test.each([
  ['putBlob', 'after'],
  ['putBlob', 'middle'],
  ['putBlock', 'after'],
  ['putBlockList', 'after'],
] as const)('an upload recovers when the answer of %s is lost, %s it was sent', async (operation, when) => {
  // The file is still there when it is written again: validation begins after 0.9 s.
  const world = await startWorld({ timeScale: 0.3 });
  world.sandbox.faults.add({ kind: 'reset', when, operation, count: 1 });
  const file = sizeFor(operation);
  expect(await uploaded(world, file)).toEqual(stored(file));
  const undisturbed = UNDISTURBED[operation];
  expect(callsOf(world)).toEqual({ ...undisturbed, [operation]: undisturbed[operation] + 1 });
});

test('a block list with a lost answer whose file was validated before the retry counts as stored', async () => {
  const world = await startWorld({ timeScale: 0.001 });
  world.sandbox.faults.add({ kind: 'reset', when: 'after', operation: 'putBlockList', nth: 1, count: 1 });
  // Of the calls that no earlier fault changes it is the first. After three seconds the file was validated and its blocks removed.
  world.sandbox.faults.add({ kind: 'latency', ms: 3_000, operation: 'putBlockList', nth: 1, count: 1 });
  expect(await uploaded(world, LARGE)).toEqual(['UPSTREAM_TIMEOUT']);
  expect(callsOf(world)).toEqual({ putBlob: 0, putBlock: 2, putBlockList: 2 });
  const { data } = await world.run(
    `{ signatureRequest(id: "${world.target.signatureRequestId}") { documents { status } } }`,
  );
  expect(data).toEqual({ signatureRequest: { documents: [{ status: 'READY' }] } });
});

test('an interrupted download of a signed file succeeds again with the same URL', async () => {
  const { sandbox, run } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'SIGNED' }] });
  const { data } = await run(`{ signatureRequest(id: "${requests[0]?.id}") { documents { downloadUrl } } }`);
  const link = String(data['signatureRequest']?.['documents']?.[0]?.['downloadUrl']);
  sandbox.faults.add({ kind: 'reset', when: 'middle', operation: 'getBlob', count: 1 });
  const download = async () => Buffer.from(await (await fetch(link)).arrayBuffer());
  await expect(download()).rejects.toThrow('terminated');
  expect((await download()).subarray(0, 5).toString()).toBe('%PDF-');
});
