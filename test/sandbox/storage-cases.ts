import { createHash } from 'node:crypto';
import { BLOCK_BLOB, blockUrl, get, putBlob, putBlock, putList, send } from './support-storage.ts';
import type { StorageReply, StorageUnderTest } from './support-storage.ts';

/** One call to the storage and its expected answer. */
export interface StorageCase {
  readonly what: string;
  readonly act: (storage: StorageUnderTest) => Promise<StorageReply>;
  /** Status, and the error code if there is one, as Azure documents them. */
  readonly answer: string;
  /** The different answer of Azurite. */
  readonly azurite?: { readonly answer: string; readonly why: string };
}

const md5 = (text: string): string => createHash('md5').update(text).digest('base64');
const NO_MATCH = 'AAAAAAAAAAAAAAAAAAAAAA==';

function altered(url: string, change: (query: URLSearchParams) => void): string {
  const address = new URL(url);
  change(address.searchParams);
  return address.href;
}

/** A preparatory step that must succeed. */
async function done(step: Promise<StorageReply>): Promise<void> {
  const { status, code } = await step;
  if (status !== 201) throw new Error(`A preparatory step failed: ${status} ${code}`);
}

const NO_CODE = 'Azurite refuses without an error code';
const FIREWALL = 'Azurite has the code of a refused network';
const LENIENT = 'Azurite does not check it';

export const STORAGE_CASES: readonly StorageCase[] = [
  // Put Blob
  { what: 'Put Blob', act: async (storage) => putBlob(await storage.fresh(), 'x'), answer: '201' },
  {
    what: 'Put Blob without content',
    act: async (storage) => putBlob(await storage.fresh(), ''),
    answer: '201',
  },
  {
    what: 'Put Blob over an existing blob',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlob(url, 'x'));
      return putBlob(url, 'y');
    },
    answer: '201',
  },
  {
    what: 'Put Blob without a blob type',
    act: async (storage) => send(await storage.fresh(), { body: 'x' }),
    answer: '400 MissingRequiredHeader',
    azurite: { answer: '400', why: NO_CODE },
  },
  {
    what: 'Put Blob with an unknown blob type',
    act: async (storage) =>
      send(await storage.fresh(), { body: 'x', headers: { 'x-ms-blob-type': 'Nonsense' } }),
    answer: '400 InvalidHeaderValue',
    azurite: { answer: '400', why: NO_CODE },
  },
  {
    what: 'Put Blob without a length',
    act: async (storage) => send(await storage.fresh(), { body: 'x', headers: BLOCK_BLOB, chunked: true }),
    answer: '411 MissingContentLengthHeader',
    azurite: { answer: '400', why: NO_CODE },
  },
  {
    what: 'Put Blob with the correct MD5',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'content-md5': md5('x') }),
    answer: '201',
  },
  {
    what: 'Put Blob with a wrong MD5',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'content-md5': NO_MATCH }),
    answer: '400 Md5Mismatch',
  },
  {
    what: 'Put Blob with an invalid MD5',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'content-md5': 'nonsense' }),
    answer: '400 InvalidMd5',
  },
  {
    what: 'Put Blob with the correct MD5 to store',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'x-ms-blob-content-md5': md5('x') }),
    answer: '201',
  },
  {
    what: 'Put Blob with a wrong MD5 to store',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'x-ms-blob-content-md5': NO_MATCH }),
    answer: '400 Md5Mismatch',
  },
  {
    what: 'Put Blob with the correct MD5 and a wrong MD5 to store',
    act: async (storage) =>
      putBlob(await storage.fresh(), 'x', { 'content-md5': md5('x'), 'x-ms-blob-content-md5': NO_MATCH }),
    answer: '400 Md5Mismatch',
  },
  {
    what: 'Put Blob with an invalid MD5 to store',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'x-ms-blob-content-md5': 'nonsense' }),
    answer: '400 InvalidMd5',
  },
  {
    what: 'Put Blob with a signature and an Authorization header',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { authorization: 'Bearer x' }),
    answer: '400 InvalidAuthenticationInfo',
    azurite: { answer: '201', why: LENIENT },
  },
  {
    what: 'Put Blob with a signature and the API key',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'ocp-apim-subscription-key': 'key' }),
    answer: '201',
  },
  {
    what: 'Put Blob with If-None-Match: *, without an existing blob',
    act: async (storage) => putBlob(await storage.fresh(), 'x', { 'if-none-match': '*' }),
    answer: '201',
  },
  {
    what: 'Put Blob with If-None-Match: *, over an existing blob',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlob(url, 'x'));
      return putBlob(url, 'y', { 'if-none-match': '*' });
    },
    answer: '409 BlobAlreadyExists',
  },
  {
    what: 'Put Blob with If-Match, over another version',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlob(url, 'x'));
      return putBlob(url, 'y', { 'if-match': '"0x1"' });
    },
    answer: '412 ConditionNotMet',
  },
  {
    what: 'an unknown operation',
    act: async (storage) => send(`${await storage.fresh()}&comp=nonsense`, { body: 'x' }),
    answer: '400 InvalidQueryParameterValue',
    azurite: { answer: '400', why: NO_CODE },
  },

  // URLs
  {
    what: 'an expired URL',
    act: async (storage) => putBlob(await storage.expired(), 'x'),
    answer: '403 AuthenticationFailed',
    azurite: { answer: '403 AuthorizationFailure', why: FIREWALL },
  },
  {
    what: 'a URL that is not yet valid',
    act: async (storage) => putBlob(await storage.notYetValid(), 'x'),
    answer: '403 AuthenticationFailed',
    azurite: { answer: '403 AuthorizationFailure', why: FIREWALL },
  },
  ...[
    ['another signature', 'sig', 'AAAA'],
    ['more permissions', 'sp', 'racwd'],
    ['a later end', 'se', '2040-01-01T00:00:00Z'],
  ].map(([what, name = '', value = '']): StorageCase => ({
    what: `a URL with ${what}`,
    act: async (storage) =>
      putBlob(
        altered(await storage.fresh(), (query) => query.set(name, value)),
        'x',
      ),
    answer: '403 AuthenticationFailed',
    azurite: { answer: '403 AuthorizationFailure', why: FIREWALL },
  })),
  {
    what: 'a URL of another blob',
    async act(storage) {
      const [path = '', query = ''] = (await storage.fresh()).split('?');
      return putBlob(`${path}Z?${query}`, 'x');
    },
    answer: '403 AuthenticationFailed',
    azurite: { answer: '403 AuthorizationFailure', why: FIREWALL },
  },
  {
    what: 'a URL without a signature',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlob(url, 'x'));
      return get(url.split('?')[0] ?? '');
    },
    answer: '409 PublicAccessNotPermitted',
    azurite: { answer: '403 AuthorizationFailure', why: 'Azurite cannot switch public access off' },
  },
  {
    what: 'Put Blob with a read-only URL',
    act: async (storage) => putBlob(await storage.readOnly(), 'x'),
    answer: '403 AuthorizationPermissionMismatch',
  },
  {
    what: 'Put Block with a read-only URL',
    act: async (storage) => putBlock(await storage.readOnly(), 'b1', 'x'),
    answer: '403 AuthorizationPermissionMismatch',
  },
  {
    what: 'Put Block List with a read-only URL',
    act: async (storage) => putList(await storage.readOnly(), 'Latest b1'),
    answer: '403 AuthorizationPermissionMismatch',
  },
  {
    what: 'Delete Blob with a write URL',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlob(url, 'x'));
      return send(url, { method: 'DELETE' });
    },
    answer: '403 AuthorizationPermissionMismatch',
  },
  {
    what: 'Delete Blob of a missing blob',
    act: async (storage) => send(await storage.fresh(), { method: 'DELETE' }),
    answer: '403 AuthorizationPermissionMismatch',
  },

  // Get Blob
  { what: 'Get Blob', act: async (storage) => get(await storage.readOnly()), answer: '200' },
  {
    what: 'Get Blob Properties',
    act: async (storage) => send(await storage.readOnly(), { method: 'HEAD' }),
    answer: '200',
  },
  {
    what: 'Get Blob of a missing blob',
    act: async (storage) => get(await storage.fresh()),
    answer: '404 BlobNotFound',
  },
  {
    what: 'Get Blob Properties of a missing blob',
    act: async (storage) => send(await storage.fresh(), { method: 'HEAD' }),
    answer: '404 BlobNotFound',
  },
  {
    what: 'Get Blob of uncommitted blocks',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      return get(url);
    },
    answer: '404 BlobNotFound',
  },
  {
    what: 'Get Blob of a range',
    act: async (storage) => get(await storage.readOnly(), { range: 'bytes=1-2' }),
    answer: '206',
  },
  {
    what: 'Get Blob of a range after the end',
    act: async (storage) => get(await storage.readOnly(), { range: 'bytes=999999-' }),
    answer: '416 InvalidRange',
  },
  {
    what: 'Get Blob with If-None-Match, of an unchanged blob',
    async act(storage) {
      const url = await storage.readOnly();
      return get(url, { 'if-none-match': (await get(url)).headers['etag'] ?? '' });
    },
    answer: '304 ConditionNotMet',
  },

  // Put Block
  { what: 'Put Block', act: async (storage) => putBlock(await storage.fresh(), 'b1', 'x'), answer: '201' },
  {
    what: 'Put Block without content',
    act: async (storage) => putBlock(await storage.fresh(), 'b1', ''),
    answer: '400 InvalidHeaderValue',
    azurite: { answer: '201', why: LENIENT },
  },
  {
    what: 'Put Block with a wrong MD5',
    act: async (storage) =>
      send(blockUrl(await storage.fresh(), 'b1'), { body: 'x', headers: { 'content-md5': NO_MATCH } }),
    answer: '400 Md5Mismatch',
  },
  {
    what: 'Put Block without a length',
    act: async (storage) => send(blockUrl(await storage.fresh(), 'b1'), { body: 'x', chunked: true }),
    answer: '411 MissingContentLengthHeader',
    azurite: { answer: '400', why: NO_CODE },
  },
  {
    what: 'Put Block without an id',
    act: async (storage) => send(`${await storage.fresh()}&comp=block`, { body: 'x' }),
    answer: '400 MissingRequiredQueryParameter',
    azurite: { answer: '400', why: NO_CODE },
  },
  {
    what: 'Put Block with an id that is not Base64',
    act: async (storage) => send(`${await storage.fresh()}&comp=block&blockid=***`, { body: 'x' }),
    answer: '400 InvalidQueryParameterValue',
  },
  {
    what: 'Put Block with an id of 64 bytes',
    act: async (storage) => putBlock(await storage.fresh(), 'x'.repeat(64), 'x'),
    answer: '201',
  },
  {
    what: 'Put Block with an id of 65 bytes',
    act: async (storage) => putBlock(await storage.fresh(), 'x'.repeat(65), 'x'),
    answer: '400 OutOfRangeInput',
  },
  {
    what: 'Put Block with an id of another length than that of an uncommitted block',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      return putBlock(url, 'block2', 'x');
    },
    answer: '400 InvalidBlobOrBlock',
  },
  {
    what: 'Put Block with an id of another length than that of a committed block',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      await done(putList(url, 'Latest b1'));
      return putBlock(url, 'block2', 'x');
    },
    answer: '201',
  },

  // Put Block List
  {
    what: 'Put Block List',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      return putList(url, 'Latest b1');
    },
    answer: '201',
  },
  {
    what: 'Put Block List without blocks',
    act: async (storage) => putList(await storage.fresh()),
    answer: '201',
  },
  {
    what: 'Put Block List with a block that was never sent',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      return putList(url, 'Latest b1', 'Latest b2');
    },
    answer: '400 InvalidBlockList',
  },
  {
    what: 'Put Block List with a committed block, repeated',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      await done(putList(url, 'Latest b1'));
      return putList(url, 'Committed b1', 'Latest b1');
    },
    answer: '201',
  },
  {
    what: 'Put Block List with a committed block as uncommitted',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      await done(putList(url, 'Latest b1'));
      return putList(url, 'Uncommitted b1');
    },
    answer: '400 InvalidBlockList',
  },
  {
    what: 'Put Block List with a block that the previous list left out',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      await done(putBlock(url, 'b2', 'y'));
      await done(putList(url, 'Latest b1'));
      return putList(url, 'Latest b2');
    },
    answer: '400 InvalidBlockList',
  },
  {
    what: 'Put Block List with a block sent before a Put Blob',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      await done(putBlob(url, 'y'));
      return putList(url, 'Latest b1');
    },
    answer: '400 InvalidBlockList',
    azurite: { answer: '201', why: 'Azurite keeps uncommitted blocks, Azure discards them' },
  },
  {
    what: 'Put Block List with an MD5 to store, which is not verified',
    async act(storage) {
      const url = await storage.fresh();
      await done(putBlock(url, 'b1', 'x'));
      return send(`${url}&comp=blocklist`, {
        body: `<BlockList><Latest>${Buffer.from('b1').toString('base64')}</Latest></BlockList>`,
        headers: { 'x-ms-blob-content-md5': NO_MATCH },
      });
    },
    answer: '201',
  },
  {
    what: 'Put Block List with a wrong MD5',
    act: async (storage) =>
      send(`${await storage.fresh()}&comp=blocklist`, {
        body: '<BlockList />',
        headers: { 'content-md5': NO_MATCH },
      }),
    answer: '400 Md5Mismatch',
    azurite: { answer: '201', why: LENIENT },
  },
  {
    what: 'Put Block List with an unknown kind of block',
    act: async (storage) =>
      send(`${await storage.fresh()}&comp=blocklist`, {
        body: '<BlockList><Newest>YjE=</Newest></BlockList>',
      }),
    answer: '400 InvalidXmlDocument',
    azurite: { answer: '400 InvalidBlockList', why: 'Azurite treats it as an unknown block' },
  },
  {
    what: 'Put Block List with truncated XML',
    act: async (storage) =>
      send(`${await storage.fresh()}&comp=blocklist`, { body: '<BlockList><Latest>YjE=</Latest>' }),
    answer: '400 InvalidXmlDocument',
    azurite: { answer: '400', why: NO_CODE },
  },
  {
    what: 'Put Block List of text that is not XML',
    act: async (storage) => send(`${await storage.fresh()}&comp=blocklist`, { body: 'hello' }),
    answer: '400 InvalidXmlDocument',
    azurite: { answer: '400', why: NO_CODE },
  },

  // Web pages
  {
    what: 'a CORS preflight',
    act: async (storage) =>
      send(await storage.fresh(), {
        method: 'OPTIONS',
        headers: { origin: 'https://example.it', 'access-control-request-method': 'PUT' },
      }),
    answer: '403 CorsPreflightFailure',
  },
  {
    what: 'a preflight without a method',
    act: async (storage) =>
      send(await storage.fresh(), { method: 'OPTIONS', headers: { origin: 'https://example.it' } }),
    answer: '400 InvalidHeaderValue',
  },
  {
    what: 'a preflight without an origin',
    act: async (storage) =>
      send(await storage.fresh(), { method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT' } }),
    answer: '400 InvalidHeaderValue',
  },
];
