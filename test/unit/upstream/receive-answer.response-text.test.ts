import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { HttpClient } from '../../../src/upstream/http-client.ts';
import { createDossier } from '../../../src/upstream/operations/create-dossier.ts';
import { decodedTextOf } from '../../../src/upstream/receive-answer.ts';
import { startHttpStub } from '../../support/http-stub.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';

const AT = '2026-03-05T09:14:07.412Z';
const DOSSIER = { id: 'd1', title: 'Contratti', documents_metadata: [], created_at: AT, updated_at: AT };
const JSON_BYTES = Buffer.from(JSON.stringify(DOSSIER));

const CODINGS: readonly [string, Buffer][] = [
  ['identity', JSON_BYTES],
  ['', JSON_BYTES],
  ['gzip', gzipSync(JSON_BYTES)],
  ['GZIP', gzipSync(JSON_BYTES)],
  ['x-gzip', gzipSync(JSON_BYTES)],
  ['deflate', deflateSync(JSON_BYTES)],
  ['br', brotliCompressSync(JSON_BYTES)],
  ['zstd', zstdCompressSync(JSON_BYTES)],
  ['gzip, br', brotliCompressSync(gzipSync(JSON_BYTES))],
];

async function answerOf(coding: string, body: Buffer, status = 201) {
  const stub = await startHttpStub((_, res) => {
    const headers = {
      'content-type': 'application/json',
      ...(coding !== '' && { 'content-encoding': coding }),
    };
    res.writeHead(status, headers).end(body);
  });
  const client = new HttpClient({
    baseUrl: new URL(stub.origin),
    apiKey: 'key',
    storageHosts: [],
    timeoutMs: 60_000,
    connections: 1,
    proxyFor: NO_PROXY,
  });
  try {
    return await createDossier(client, { title: 'Contratti', documents_metadata: [] });
  } finally {
    expect(stub.calls[0]?.headers['accept-encoding']).toBe('identity');
    await client.close();
  }
}

test.each(CODINGS)('an answer in the coding "%s" is decoded', async (coding, body) => {
  expect(await answerOf(coding, body)).toMatchObject({ id: 'd1' });
});

test('a compressed error is decoded', async () => {
  const problem = gzipSync(JSON.stringify({ title: 'Not Found', status: 404, detail: 'none' }));
  await expect(answerOf('gzip', problem, 404)).rejects.toMatchObject({ kind: 'not-found', detail: 'none' });
});

test.each<[string, string, Buffer]>([
  ['in an unknown coding', 'compress', JSON_BYTES],
  ['that is not in its coding', 'gzip', JSON_BYTES],
  ['that is cut short', 'gzip', gzipSync(JSON_BYTES).subarray(0, 20)],
])('a success %s is a contract failure', async (_, coding, body) => {
  await expect(answerOf(coding, body)).rejects.toMatchObject({ kind: 'contract', status: 201 });
});

test.each<[string, Buffer]>([
  ['gzip', gzipSync(Buffer.alloc(2_000_000))],
  ['br', brotliCompressSync(Buffer.alloc(2_000_000))],
  ['zstd', zstdCompressSync(Buffer.alloc(2_000_000))],
])('a decompression bomb in %s is refused', async (coding, bomb) => {
  expect(bomb.length).toBeLessThan(10_000);
  await expect(decodedTextOf(bomb, coding, 1_000_000)).rejects.toThrow(RangeError);
});

test('a byte order mark is dropped', async () => {
  expect(await decodedTextOf(Buffer.from('\uFEFF{}'), undefined, 100)).toBe('{}');
});
