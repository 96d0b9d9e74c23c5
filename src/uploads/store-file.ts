import { createHash, randomBytes } from 'node:crypto';
import type { StorageClient } from '../upstream/storage/blobs.ts';
import { putBlob, putBlock, putBlockList } from '../upstream/storage/blobs.ts';
import type { Block, BlockPool } from './block-pool.ts';

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
  let sizeBytes = 0;
  await using writer = new BlobWriter(await pool.acquire(signal), { storage, pool, url, signal });
  for await (const chunk of source) {
    hash.update(chunk);
    sizeBytes += chunk.length;
    const sending = writer.write(chunk);
    if (sending !== undefined) await sending;
  }
  const { storedAt } = await writer.end();
  return { sizeBytes, sha256: hash.digest('hex'), storedAt };
}

interface BlobWriterOptions extends StoreFileOptions {
  readonly url: string;
}

/**
 * Fills a block and sends it. While the pool has a free block and no upload waits for one, it fills that one meanwhile, so
 * that receiving and sending overlap.
 */
class BlobWriter implements AsyncDisposable {
  readonly #options: BlobWriterOptions;
  /** Ends the calls in progress: the caller has left, or the writer is disposed of. */
  readonly #calls = new AbortController();
  readonly #blockIds: string[] = [];
  /** Unique ids: the blocks of an earlier run at the same URL cannot become part of this file. */
  readonly #run = randomBytes(6).toString('hex');
  #block: Block;
  #filled = 0;
  /** The block that is being sent while another one is filled. */
  #sent: { readonly block: Block; readonly call: Promise<void> } | undefined;
  #failure: unknown;

  constructor(block: Block, options: BlobWriterOptions) {
    this.#options = options;
    this.#block = block;
    options.signal?.addEventListener('abort', this.#leave);
    if (options.signal?.aborted === true) this.#leave();
  }

  /** Takes the bytes. @returns a promise if the next chunk must wait. @throws the failure of an earlier block */
  write(chunk: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const copied = chunk.copy(this.#block.bytes, this.#filled);
    this.#filled += copied;
    return copied < chunk.length ? this.#writeRest(chunk.subarray(copied)) : undefined;
  }

  /** Sends the rest and makes the file exist. */
  async end(): Promise<{ storedAt: Date }> {
    await this.#sent?.call;
    const { storage, url } = this.#options;
    const options = { signal: this.#calls.signal };
    const last = this.#block.bytes.subarray(0, this.#filled);
    if (this.#blockIds.length === 0) return await putBlob(storage, url, last, options);
    await this.#put(last);
    return await putBlockList(storage, url, this.#blockIds, options);
  }

  /** Returns the blocks once no call reads them any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#leave);
    this.#calls.abort();
    await this.#sent?.call.catch(() => {});
    this.#sent?.block[Symbol.dispose]();
    this.#block[Symbol.dispose]();
  }

  readonly #leave = (): void => {
    this.#calls.abort(this.#options.signal?.reason);
  };

  async #writeRest(rest: Buffer): Promise<void> {
    await this.#sendBlock();
    const sending = this.write(rest);
    if (sending !== undefined) await sending;
  }

  async #sendBlock(): Promise<void> {
    const full = this.#block;
    const next = (await this.#reusableBlock()) ?? this.#options.pool.tryAcquire();
    this.#filled = 0;
    if (next === undefined) return await this.#put(full.bytes);
    const call = this.#put(full.bytes);
    call.catch((failure: unknown) => (this.#failure = failure));
    this.#sent = { block: full, call };
    this.#block = next;
  }

  /** The block that was sent last, unless another upload waits for one. */
  async #reusableBlock(): Promise<Block | undefined> {
    if (this.#sent === undefined) return undefined;
    const { block, call } = this.#sent;
    await call;
    this.#sent = undefined;
    if (this.#options.pool.waiting === 0) return block;
    block[Symbol.dispose]();
    return undefined;
  }

  async #put(bytes: Buffer): Promise<void> {
    const { storage, url } = this.#options;
    const number = String(this.#blockIds.length).padStart(5, '0');
    const id = Buffer.from(`${this.#run}-${number}`).toString('base64');
    await putBlock(storage, url, id, bytes, { signal: this.#calls.signal });
    this.#blockIds.push(id);
  }
}
