import { createHash, randomBytes } from 'node:crypto';
import type { StorageClient } from '../upstream/storage/storage-client.ts';
import { putBlob, putBlock, putBlockList } from '../upstream/storage/write-blob.ts';
import type { Block, BlockPool } from './block-pool.ts';

export interface StoreFileOptions {
  /** Asks for the address to write to. Called once, when the first bytes are there. */
  readonly target: () => Promise<string>;
  readonly storage: StorageClient;
  readonly pool: BlockPool;
  readonly signal?: AbortSignal | undefined;
}

export interface StoredFile {
  readonly sizeBytes: number;
  /** Of the content, in hex. */
  readonly sha256: string;
  /** When the storage has committed it, by its own clock. */
  readonly storedAt: Date;
}

/**
 * Writes a file of unknown length to the storage: one Put Blob if it fits into a block, else Put Block for each
 * block and Put Block List at the end. Nothing exists in the storage before that last call, so a source that throws
 * leaves nothing behind (the storage drops uncommitted blocks after a week).
 *
 * Holds one block from the first byte on, and not before: an upload that held one while it waits for its file could
 * keep others from ever getting theirs.
 * @throws UploadError from the source, UpstreamError from the storage
 */
export async function storeFile(
  source: AsyncIterable<Buffer>,
  options: StoreFileOptions,
): Promise<StoredFile> {
  const { storage, pool, signal } = options;
  const hash = createHash('sha256');
  const blockIds: string[] = [];
  // Unique for this run: blocks that an earlier run left at the same address cannot get into this file.
  const run = randomBytes(6).toString('hex');
  const nextId = (): string =>
    Buffer.from(`${run}-${String(blockIds.length).padStart(5, '0')}`).toString('base64');
  let url = '';
  let block: Block | undefined;
  let filled = 0;
  let sizeBytes = 0;

  const putNextBlock = async (bytes: Buffer): Promise<void> => {
    const id = nextId();
    await putBlock(storage, url, id, bytes, { signal });
    blockIds.push(id);
  };

  try {
    for await (const chunk of source) {
      if (!block) {
        url = await options.target();
        block = await pool.acquire(signal);
      }
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
    if (!block) throw new TypeError('storeFile was given a file without bytes.');
    const last = block.bytes.subarray(0, filled);
    if (blockIds.length > 0) await putNextBlock(last);
    const { storedAt } =
      blockIds.length > 0
        ? await putBlockList(storage, url, blockIds, { signal })
        : await putBlob(storage, url, last, { signal });
    return { sizeBytes, sha256: hash.digest('hex'), storedAt };
  } finally {
    block?.[Symbol.dispose]();
  }
}
