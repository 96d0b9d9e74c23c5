import type { Block, BlockPool } from './block-pool.ts';

/**
 * Keeps the files of one request that arrived before anybody asked for them, one after the other.
 * Files share blocks; none spans two, so none can be larger than a block.
 *
 * Only the first block is waited for. A request that waited for its second while it holds its first
 * could wait for ever on another that does the same.
 */
export class Shelf implements Disposable {
  readonly #pool: BlockPool;
  readonly #blocks: Block[] = [];
  #from = 0;
  #to = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Begins a file. @throws the signal's reason */
  async begin(signal: AbortSignal): Promise<void> {
    if (this.#blocks.length === 0) this.#blocks.push(await this.#pool.acquire(signal));
    this.#from = this.#to;
  }

  /** The bytes of the file begun last. */
  get file(): Buffer {
    return this.#blocks.at(-1)?.bytes.subarray(this.#from, this.#to) ?? Buffer.alloc(0);
  }

  /** Adds to the file begun last. False if there is no room: the file is larger than a block, or the pool is empty. */
  append(chunk: Buffer): boolean {
    if (this.#to + chunk.length > this.#pool.blockBytes) {
      const begun = this.file;
      if (begun.length + chunk.length > this.#pool.blockBytes) return false;
      const block = this.#pool.tryAcquire();
      if (!block) return false;
      begun.copy(block.bytes);
      this.#blocks.push(block);
      this.#from = 0;
      this.#to = begun.length;
    }
    const block = this.#blocks.at(-1);
    if (!block) return false;
    this.#to += chunk.copy(block.bytes, this.#to);
    return true;
  }

  [Symbol.dispose](): void {
    for (const block of this.#blocks.splice(0)) block[Symbol.dispose]();
  }
}
