import { createHash, randomBytes } from 'node:crypto';
import type { StorageClient } from '../upstream/storage/storage-client.ts';
import { putBlob, putBlock, putBlockList } from '../upstream/storage/write-blob.ts';
import type { BlockPool } from './block-pool.ts';

export interface StoreFileOptions {
  readonly storage: StorageClient;
  readonly pool: BlockPool;
  readonly signal?: AbortSignal | undefined;
}

export interface StoredFile {
  readonly sizeBytes: number;
  /** The digest of the content, in lower-case hexadecimal. */
  readonly sha256: string;
  /** When the storage committed the file, by its own clock. */
  readonly storedAt: Date;
}

/**
 * Writes a file of unknown length to a pre-signed URL of the storage: one Put Blob if it fits into a block, else Put Block
 * for each block and Put Block List at the end. The file does not exist before that last call, so a source that throws
 * leaves nothing behind (the storage deletes uncommitted blocks after a week).
 *
 * The first bytes of the source must have arrived: an upload that holds a block while it waits for its file could prevent
 * other uploads for ever from getting theirs.
 * @throws UploadError from the source, UpstreamError from the storage
 */
export async function storeFile(
  source: AsyncIterable<Buffer>,
  url: string,
  { storage, pool, signal }: StoreFileOptions,
): Promise<StoredFile> {
  const hash = createHash('sha256');
  const blockIds: string[] = [];
  // Unique ids: the blocks of an earlier run at the same URL cannot become part of this file.
  const run = randomBytes(6).toString('hex');
  const nextId = (): string =>
    Buffer.from(`${run}-${String(blockIds.length).padStart(5, '0')}`).toString('base64');
  let filled = 0;
  let sizeBytes = 0;

  const putNextBlock = async (bytes: Buffer): Promise<void> => {
    const id = nextId();
    await putBlock(storage, url, id, bytes, { signal });
    blockIds.push(id);
  };

  using block = await pool.acquire(signal);
  for await (const chunk of source) {
    hash.update(chunk);
    sizeBytes += chunk.length;
    for (let taken = 0; taken < chunk.length;) {
      if (filled === block.bytes.length) {
        await putNextBlock(block.bytes);
        filled = 0;
      }
      const copied = chunk.copy(block.bytes, filled, taken);
      filled += copied;
      taken += copied;
    }
  }
  const last = block.bytes.subarray(0, filled);
  if (blockIds.length > 0) await putNextBlock(last);
  const { storedAt } =
    blockIds.length > 0
      ? await putBlockList(storage, url, blockIds, { signal })
      : await putBlob(storage, url, last, { signal });
  return { sizeBytes, sha256: hash.digest('hex'), storedAt };
}
