import type { Dispatcher } from 'undici';
import type { CallOptions } from '../call.ts';
import type { StorageClient } from './storage-client.ts';

const CALL = { method: 'PUT', effect: 'block', expect: [201] } as const;

/**
 * `Put Blob`: writes a whole blob of at most one block. On a retry the service validates the blob again, with the same
 * outcome; once the signature request has left DRAFT it ignores the blob.
 * @throws {UpstreamError}
 */
export function putBlob(
  storage: StorageClient,
  url: string,
  body: Uint8Array,
  options?: CallOptions,
): Promise<{ storedAt: Date }> {
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/pdf' };
  return storage.call({ ...CALL, operation: 'putBlob', url, headers, body, decode: decodeStored }, options);
}

/**
 * `Put Block`: stages a block, which stays invisible until `putBlockList` names it. All ids of a blob have the same length,
 * and are unique to one run of `storeFile`.
 * @throws {UpstreamError}
 */
export async function putBlock(
  storage: StorageClient,
  url: string,
  blockId: string,
  body: Uint8Array,
  options?: CallOptions,
): Promise<void> {
  const query = { comp: 'block', blockid: blockId };
  await storage.call({ ...CALL, operation: 'putBlock', url, query, body, decode: decodeStored }, options);
}

/**
 * `Put Block List`: commits the blob with these blocks in this order. The service deletes a blob once it is validated; a
 * retry is then refused with InvalidBlockList, although the first attempt may have succeeded.
 * @throws {UpstreamError}
 */
export function putBlockList(
  storage: StorageClient,
  url: string,
  blockIds: readonly string[],
  options?: CallOptions,
): Promise<{ storedAt: Date }> {
  const blocks = blockIds.map((id) => `<Latest>${id}</Latest>`).join('');
  const call = {
    ...CALL,
    operation: 'putBlockList',
    alreadyPerformedCode: 'InvalidBlockList',
    url,
    query: { comp: 'blocklist' },
    headers: { 'x-ms-blob-content-type': 'application/pdf', 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${blocks}</BlockList>`,
  } as const;
  return storage.call({ ...call, decode: decodeStored }, options);
}

/** The time of the storage, or of this machine if the storage sends none. */
async function decodeStored({ headers, body }: Dispatcher.ResponseData): Promise<{ storedAt: Date }> {
  await body.dump();
  const header = headers['last-modified'];
  const date = new Date(typeof header === 'string' ? header : NaN);
  return { storedAt: Number.isNaN(date.getTime()) ? new Date() : date };
}
