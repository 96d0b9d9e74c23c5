import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import { createStorage } from '../../../../src/upstream/storage/create-storage.ts';
import type { StorageClient } from '../../../../src/upstream/storage/blobs.ts';
import {
  getBlob,
  getBlobProperties,
  putBlob,
  putBlock,
  putBlockList,
} from '../../../../src/upstream/storage/blobs.ts';
import type { StorageOptions } from '../../../../src/upstream/storage/create-storage.ts';
import { checkStorageUrl } from '../../../../src/upstream/url-rules.ts';
import { startBlobStub } from '../../../support/blob-stub.ts';
import type { Misbehave } from '../../../support/blob-stub.ts';
import { NO_PROXY } from '../../../../src/upstream/connect-through.ts';

const BYTES = Buffer.from('%PDF-1.7 bytes');

async function start(misbehave?: Misbehave, options: Partial<StorageOptions> = {}) {
  const stub = await startBlobStub(misbehave);
  const { shared: storage } = createStorage({
    allowedHosts: [stub.origin],
    proxyFor: NO_PROXY,
    retries: { firstPauseMs: 1 },
    ...options,
  });
  return {
    stub,
    storage,
    async [Symbol.asyncDispose]() {
      await storage.close();
      await stub[Symbol.asyncDispose]();
    },
  };
}

/** The failure of a call, which must never contain the URL or its signature. */
async function failure(call: Promise<unknown>): Promise<UpstreamError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof UpstreamError)) throw new Error(`expected an UpstreamError, not ${String(error)}`);
  expect(`${error.message} ${error.detail}`).not.toMatch(/sig=|secret|uploads/);
  return error;
}

function answer(status: number, code = '', headers: Record<string, string> = {}) {
  return (_call: unknown, req: IncomingMessage, res: ServerResponse): boolean => {
    req.resume();
    req.on('end', () =>
      res
        .writeHead(status, headers)
        .end(code && `<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret</Message></Error>`),
    );
    return true;
  };
}

test('sends the headers that Azure requires, and no credentials except the URL', async () => {
  await using t = await start();
  const url = t.stub.address();
  const { storedAt } = await putBlob(t.storage, url, BYTES);
  await putBlock(t.storage, url, 'aWQtMA==', BYTES);
  await putBlockList(t.storage, url, ['aWQtMA==', 'aWQtMQ==']);
  expect(storedAt).toEqual(new Date('2026-11-24T10:00:00Z'));
  const [blob, block, list] = t.stub.calls;
  expect(blob?.headers).toMatchObject({
    'x-ms-blob-type': 'BlockBlob',
    'content-length': String(BYTES.length),
    'content-type': 'application/pdf',
  });
  expect(blob?.url.search).toBe('?sv=1&sig=secret%2Bsignature');
  expect(blob?.body).toEqual(BYTES);
  expect(block?.url.searchParams.get('blockid')).toBe('aWQtMA==');
  expect(block?.url.searchParams.get('sig')).toBe('secret+signature');
  expect(block?.body).toEqual(BYTES);
  expect(list?.headers['x-ms-blob-content-type']).toBe('application/pdf');
  expect(list?.body.toString()).toBe(
    '<?xml version="1.0" encoding="utf-8"?><BlockList><Latest>aWQtMA==</Latest><Latest>aWQtMQ==</Latest></BlockList>',
  );
  for (const { headers } of t.stub.calls) {
    expect(Object.keys(headers).filter((name) => /auth|key|cookie/i.test(name))).toEqual([]);
  }
});

test.each([
  ['http://iopitnsignst01.blob.core.windows.net/c/b?sig=secret', 'plain http'],
  ['https://iopitnsignst01.blob.core.windows.net.evil.example/c/b?sig=secret', 'a longer host'],
  ['https://iopitnsignst01.blob.core.windows.net:8443/c/b?sig=secret', 'another port'],
  ['https://user:secret@iopitnsignst01.blob.core.windows.net/c/b', 'a password'],
  ['http://127.0.0.1:4011/c/b?sig=secret', 'another development port'],
  ['https://127.0.0.1:4010/c/b?sig=secret', 'the wrong scheme for an origin'],
  ['file:///etc/passwd', 'a file'],
  ['/uploads/blob?sig=secret', 'no host at all'],
])('refuses to write to %s: %s', async (address) => {
  await using t = await start(undefined, {
    allowedHosts: ['iopitnsignst01.blob.core.windows.net', 'http://127.0.0.1:4010'],
  });
  expect(await failure(putBlob(t.storage, address, BYTES))).toMatchObject({
    kind: 'contract',
    operation: 'putBlob',
    status: undefined,
  });
});

test('allows configured hosts over https and exact development origins', () => {
  const allowed = ['iopitnsignst01.blob.core.windows.net', 'http://127.0.0.1:4010'];
  for (const address of [
    'https://iopitnsignst01.blob.core.windows.net/c/b?sig=x',
    'https://IOPITNSIGNST01.blob.core.windows.net:443/c/b',
    'http://127.0.0.1:4010/c/b',
  ]) {
    expect(checkStorageUrl(address, allowed, 'putBlob').pathname).toBe('/c/b');
  }
});

test('does not follow redirects', async () => {
  await using t = await start(answer(307, '', { location: 'http://127.0.0.1:1/elsewhere' }));
  expect(await failure(putBlob(t.storage, t.stub.address(), BYTES))).toMatchObject({
    kind: 'contract',
    status: 307,
  });
  expect(t.stub.calls.length).toBe(1);
});

test.each<[number, string, string]>([
  [400, 'MissingRequiredHeader', 'bad-request'],
  [403, 'AuthenticationFailed', 'forbidden'],
  [404, 'ContainerNotFound', 'not-found'],
  [411, 'MissingContentLengthHeader', 'bad-request'],
])('does not retry a %i and keeps its code %s', async (status, code, kind) => {
  await using t = await start(answer(status, code));
  const error = await failure(putBlock(t.storage, t.stub.address(), 'aWQ=', BYTES));
  expect(error).toMatchObject({ operation: 'putBlock', kind, status, detail: code });
  expect(t.stub.calls.length).toBe(1);
});

const CALLS: [string, (storage: StorageClient, url: string) => Promise<unknown>][] = [
  ['putBlob', (storage, url) => putBlob(storage, url, BYTES)],
  ['putBlock', (storage, url) => putBlock(storage, url, 'aWQ=', BYTES)],
  ['putBlockList', (storage, url) => putBlockList(storage, url, ['aWQ='])],
];

test.each(CALLS)('retries %s after each failure of the table', async (operation, call) => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    await using t = await start((c, req, res, nth) => nth === 1 && answer(status, 'ServerBusy')(c, req, res));
    await call(t.storage, t.stub.address());
    expect(t.stub.count(t.stub.calls[0]?.operation ?? 'putBlob')).toBe(2);
  }
  await using t = await start((_call, req, _res, nth) => nth === 1 && Boolean(req.socket.destroy()));
  await call(t.storage, t.stub.address());
  expect(t.stub.calls.map((c) => c.operation)).toEqual([operation, operation]);
  expect(t.stub.calls[1]?.body.length).toBeGreaterThan(0);
});

test('gives up after its attempts and reports the last answer', async () => {
  await using t = await start(answer(503, 'ServerBusy'));
  expect(await failure(putBlob(t.storage, t.stub.address(), BYTES))).toMatchObject({
    kind: 'server-error',
    status: 503,
    detail: 'ServerBusy',
  });
  expect(t.stub.calls.length).toBe(4);
});

test.each([
  ['3600', 3_600],
  ['9999999', 86_400],
  ['Tue, 19 Jan 2038 03:14:07 GMT', 86_400],
])('does not wait beyond the deadline for a storage that asks for it: %s', async (value, seconds) => {
  await using t = await start(answer(503, 'ServerBusy', { 'retry-after': value }));
  const calls = [
    putBlob(t.storage, t.stub.address(), BYTES),
    getBlob(t.storage, t.stub.address()),
    getBlobProperties(t.storage, t.stub.address()),
  ];
  const expected = { status: 503, retryAfterSeconds: seconds };
  expect(await Promise.all(calls.map(failure))).toMatchObject(calls.map(() => expected));
  expect(t.stub.calls.length).toBe(3);
});

test('a storage that asks for no wait is retried by the policy', async () => {
  await using t = await start(answer(503, 'ServerBusy', { 'retry-after': '0' }));
  expect(await failure(putBlob(t.storage, t.stub.address(), BYTES))).toMatchObject({
    status: 503,
    retryAfterSeconds: undefined,
  });
  expect(t.stub.calls.length).toBe(4);
});

test('reports the unknown outcome of a commit whose retry is refused', async () => {
  // The first commit succeeded, and the service has since moved the blob, so its blocks no longer exist.
  await using t = await start((call, req, res, nth) => {
    if (nth > 1) return answer(400, 'InvalidBlockList')(call, req, res);
    req.socket.destroy();
    return true;
  });
  const error = await failure(putBlockList(t.storage, t.stub.address(), ['aWQ=']));
  expect(error).toMatchObject({ operation: 'putBlockList', kind: 'connection-lost', status: undefined });
});

test('ends an attempt without an answer, and the call at its deadline', async () => {
  await using t = await start((_call, req) => Boolean(req.resume()), {
    attemptTimeoutMs: 30,
    deadlineMs: 1_000,
    retries: { attempts: 99, firstPauseMs: 1 },
  });
  expect(await failure(putBlob(t.storage, t.stub.address(), BYTES))).toMatchObject({ kind: 'timeout' });
  expect(t.stub.calls.length).toBeGreaterThan(1);
  await expect.poll(() => t.stub.sockets.size).toBe(0);
});

test('stops when the caller aborts, during an attempt and between two', async () => {
  const leaver = new AbortController();
  await using t = await start((_call, req) => Boolean(req.resume()));
  const call = putBlob(t.storage, t.stub.address(), BYTES, { signal: leaver.signal });
  await expect.poll(() => t.stub.calls.length).toBe(1);
  leaver.abort();
  expect(await failure(call)).toMatchObject({ kind: 'aborted' });
  await expect.poll(() => t.stub.sockets.size).toBe(0);

  vi.spyOn(Math, 'random').mockReturnValue(0.9);
  onTestFinished(() => void vi.restoreAllMocks());
  await using busy = await start(answer(503, 'ServerBusy'), { retries: { firstPauseMs: 20_000 } });
  const pausing = new AbortController();
  const paused = putBlob(busy.storage, busy.stub.address(), BYTES, { signal: pausing.signal });
  await expect.poll(() => busy.stub.calls.length).toBe(1);
  pausing.abort();
  expect(await failure(paused)).toMatchObject({ kind: 'aborted' });

  expect(
    await failure(putBlob(t.storage, t.stub.address(), BYTES, { signal: AbortSignal.abort() })),
  ).toMatchObject({ kind: 'aborted' });
  expect(t.stub.calls.length).toBe(1);
});

test('fails as unreachable without a connection', async () => {
  const gone = await startBlobStub();
  await gone[Symbol.asyncDispose]();
  await using t = await start(undefined, { allowedHosts: [gone.origin] });
  expect(await failure(putBlob(t.storage, gone.address(), BYTES))).toMatchObject({ kind: 'unreachable' });
});

test('reads only the start of an error body', async () => {
  await using t = await start((_call, req, res) => {
    req.resume();
    res.writeHead(403, { 'x-ms-error-code': 'AuthenticationFailed' });
    const flood = (): void => {
      while (!res.destroyed && res.write(Buffer.alloc(65_536, 'x')));
      if (!res.destroyed) res.once('drain', flood);
    };
    flood();
    return true;
  });
  expect(await failure(putBlob(t.storage, t.stub.address(), BYTES))).toMatchObject({
    kind: 'forbidden',
    detail: 'AuthenticationFailed',
  });
});
