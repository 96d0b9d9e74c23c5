import { lookup } from 'node:dns';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import {
  isPrivate,
  PrivateAddressError,
  publicLookup,
  createStorage,
} from '../../src/upstream/storage/create-storage.ts';
import { putBlob } from '../../src/upstream/storage/blobs.ts';
import { checkedStorageUrl, checkStorageUrl } from '../../src/upstream/url-rules.ts';
import { draftOf } from '../support/draft.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { makePdf } from '../support/pdf.ts';
import { startFailingGateway } from '../support/service-proxy.ts';
import { NO_PROXY } from '../../src/upstream/connect-through.ts';

const ALLOWED = 'iopitnsignst01.blob.core.windows.net';
const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename ... on Error { code } } }`;

/** Upload URLs that a wrong or forged answer of the service could contain. */
const FOREIGN = [
  'http://iopitnsignst01.blob.core.windows.net/c/b?sig=x',
  'https://evil.example/c/b?sig=x',
  'https://iopitnsignst01.blob.core.windows.net.evil.example/c/b',
  'https://evil.example/iopitnsignst01.blob.core.windows.net',
  'https://iopitnsignst01.blob.core.windows.net@evil.example/c/b',
  'https://user:secret@iopitnsignst01.blob.core.windows.net/c/b',
  'https://iopitnsignst01.blob.core.windows.net:8443/c/b',
  'https://other.blob.core.windows.net/c/b',
  'https://iopitnsignst01.blob.core.windows.net./c/b',
  'https://iopitnsignst01\u3002blob.evil.example/c/b',
  'https:\\\\evil.example\\iopitnsignst01.blob.core.windows.net',
  'https://169.254.169.254/metadata',
  'http://127.0.0.1:4000/graphql',
  'https://[::ffff:127.0.0.1]/c/b',
  'https://2130706433/c/b',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '//evil.example/c/b',
  '',
];
const URLS = { baseUrl: new URL('https://api.io.pagopa.it'), storageHosts: [ALLOWED] };

test.each(FOREIGN)('nothing is sent to %s, and no caller is sent there', (address) => {
  expect(() => checkStorageUrl(address, [ALLOWED], 'putBlob')).toThrow(
    expect.objectContaining({ name: 'UpstreamError', kind: 'contract' }),
  );
  expect(checkedStorageUrl(address, URLS, 'getSignatureRequest')).toHaveProperty('refusedFor');
});

test.each(['/c/b?sig=x', '/', '/../..//x', '/\\evil.example', '/@evil.example/', '/\t\n%zz', '/ #?\u0000'])(
  'nothing behind the host of the storage changes it: %j',
  (behind) => {
    const address = `https://${ALLOWED}${behind}`;
    expect(checkedStorageUrl(address, URLS, 'getSignatureRequest')).toBe(address);
    expect(checkStorageUrl(address, [ALLOWED], 'getBlob').origin).toBe(`https://${ALLOWED}`);
  },
);

test('a file whose upload URL has a foreign host is not sent', async () => {
  const trap = await startHttpStub((_, res) => sendJson(res, 201, {}));
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  world.fail('getDocumentUploadUrl', (_, res) => sendJson(res, 200, `${trap.origin}/uploads/x?sig=secret`));
  const { data, errors } = await world.upload(UPLOAD, { input: { ...target, file: null } }, await pdf());
  expect(data).toEqual({ uploadDocument: null });
  expect(errors?.[0]?.extensions).toEqual({ code: 'UPSTREAM_CONTRACT' });
  expect(trap.connections()).toBe(0);
});

test('a redirect of the storage is not followed', async () => {
  const trap = await startHttpStub((_, res) => sendJson(res, 201, {}));
  for (const status of [301, 302, 303, 307, 308]) {
    const storage = await startHttpStub((_, res) => sendJson(res, status, {}, { location: trap.origin }));
    const world = await startFailingGateway({ storageHosts: [storage.origin] });
    const [target] = await draftOf(world);
    world.fail('getDocumentUploadUrl', (_, res) => sendJson(res, 200, `${storage.origin}/u/x?sig=secret`));
    const { errors } = await world.upload(UPLOAD, { input: { ...target, file: null } }, await pdf());
    expect(errors?.[0]?.extensions).toEqual({ code: 'UPSTREAM_CONTRACT' });
    expect(storage.calls).toHaveLength(1);
  }
  expect(trap.connections()).toBe(0);
});

test('an allowed host that resolves to this machine is not connected to', async () => {
  const { shared: storage } = createStorage({
    allowedHosts: ['localhost'],
    proxyFor: NO_PROXY,
    retries: { firstPauseMs: 1, attempts: 1 },
  });
  onTestFinished(() => storage.close());
  await expect(putBlob(storage, 'https://localhost/c/b?sig=x', Buffer.from('%PDF-'))).rejects.toMatchObject({
    kind: 'unreachable',
    cause: expect.any(PrivateAddressError),
  });
});

test('an allowed origin with scheme and port may be on this machine', async () => {
  const stub = await startHttpStub((_, res) => sendJson(res, 201, {}));
  const origin = stub.origin.replace('127.0.0.1', 'localhost');
  const { shared: storage } = createStorage({
    allowedHosts: [origin],
    proxyFor: NO_PROXY,
    retries: { firstPauseMs: 1 },
  });
  onTestFinished(() => storage.close());
  await putBlob(storage, `${origin}/c/b?sig=x`, Buffer.from('%PDF-'));
  expect(stub.calls).toHaveLength(1);
});

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '168.63.129.16',
  '100.64.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  'fe80::1',
  'fd00:ec2::254',
])('%s is private', (address) => {
  expect(isPrivate(address)).toBe(true);
});

test.each(['20.60.1.2', '8.8.8.8', '172.32.0.1', '2603:1020::1', '::ffff:8.8.8.8'])(
  '%s is not',
  (address) => {
    expect(isPrivate(address)).toBe(false);
  },
);

/** A DNS lookup with these results. */
const answering = (...addresses: string[]): typeof lookup => {
  const answer: unknown = (_: string, __: object, callback: (...args: unknown[]) => void) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  return answer as typeof lookup; // the part that `publicLookup` uses
};

test('one private address among public ones is refused, and so is an empty result', async () => {
  const resolve = (...addresses: string[]) =>
    promisify(publicLookup([], answering(...addresses)))(ALLOWED, { all: true });
  await expect(resolve('20.60.1.2', '10.0.0.1')).rejects.toThrow('private address');
  await expect(resolve()).rejects.toThrow('private address');
  await expect(resolve('20.60.1.2')).resolves.toEqual([{ address: '20.60.1.2', family: 4 }]);
});

async function pdf(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await makePdf());
}

test.each([
  'http://169.254.169.254/latest/meta-data?sig=x',
  'javascript:alert(1)//?sig=x',
  'file:///etc/passwd?sig=x',
  'https://storage.attacker.example/x?sig=x',
])('a URL of the service that points to %s is not returned to clients', async (foreign) => {
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  world.fail('getDocumentUploadUrl', (_, res) => sendJson(res, 200, foreign));
  const createUploadUrl = await world.run(
    'mutation ($input: CreateUploadUrlInput!) { createUploadUrl(input: $input) { ... on CreateUploadUrlPayload { url } } }',
    { input: target },
  );
  const at = '2026-03-05T09:14:07.412Z';
  const times = { created_at: at, updated_at: at };
  const document = { id: 'd1', status: 'READY', metadata: { title: 'Contratto' }, ...times, url: foreign };
  const request = { id: 'r1', dossier_id: 'd1', signer_id: 's1', status: 'SIGNED', expires_at: at, ...times };
  world.fail('getSignatureRequest', (_, res) =>
    sendJson(res, 200, { ...request, qr_code_url: foreign, documents: [document] }),
  );
  const read = await world.run(
    '{ signatureRequest(id: "r1") { status qrCode { url } documents { title downloadUrl } } }',
  );
  expect(read.data).toEqual({
    signatureRequest: {
      status: 'SIGNED',
      qrCode: null,
      documents: [{ title: 'Contratto', downloadUrl: null }],
    },
  });
  const download = await fetch(new URL('/documents/r1/d1.pdf', world.url), { redirect: 'manual' });
  expect(download.status).toBe(502);
  expect(await download.json()).toMatchObject({ code: 'STORAGE_REFUSED' });
  expect(createUploadUrl.data).toEqual({ createUploadUrl: null });
  for (const { errors = [] } of [createUploadUrl, read]) {
    expect(errors.map(({ extensions }) => extensions['code'])).not.toContain('INTERNAL_SERVER_ERROR');
    expect(errors.every(({ extensions }) => extensions['code'] === 'UPSTREAM_CONTRACT')).toBe(true);
    expect(JSON.stringify(errors)).not.toContain(foreign);
  }
});
