import type { BlobContent, BlobFacts, BlobRequest } from './read-blob.ts';

export interface StorageCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Besides those that the storage itself wants. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StorageReadOptions extends StorageCallOptions {
  readonly range?: BlobRequest['range'];
  readonly ifMatch?: BlobRequest['ifMatch'];
}

/**
 * Azure Blob Storage behind an address of the service, which carries its own authorisation (SAS): no API key and
 * no Authorization header is ever sent. Every method throws UpstreamError and nothing else, `detail` being the storage's
 * error code (`AuthenticationFailed`: the address has expired).
 */
export interface BlobStorage {
  /** Writes a whole blob of at most one block. */
  putBlob(url: string, bytes: Uint8Array, options?: StorageCallOptions): Promise<{ storedAt: Date }>;
  /** Stages a block. Nothing can be seen of it until `putBlockList` names it. All ids of a blob have the same length. */
  putBlock(url: string, blockId: string, bytes: Uint8Array, options?: StorageCallOptions): Promise<void>;
  /** Makes the blob out of its blocks, in this order. */
  putBlockList(
    url: string,
    blockIds: readonly string[],
    options?: StorageCallOptions,
  ): Promise<{ storedAt: Date }>;
  /** Reads a blob, or one range of it. Repeated until the content begins; `signal` ends it for as long as it goes on. */
  getBlob(url: string, options?: StorageReadOptions): Promise<BlobContent>;
  /** What there is to know of a blob, without reading it. */
  getBlobProperties(url: string, options?: StorageReadOptions): Promise<BlobFacts>;
  close(): Promise<void>;
}
