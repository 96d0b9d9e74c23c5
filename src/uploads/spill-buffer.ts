import type { Block, BlockPool } from './block-pool.ts';

/**
 * Holds the files of one request that arrive before they are read. Files share blocks, but no file spans two blocks, so a
 * file can be at most as large as a block.
 *
 * Only the first block is waited for: two requests that each hold one block and wait for a second one would deadlock.
 */
export class SpillBuffer implements Disposable {
  readonly #pool: BlockPool;
  readonly #blocks: Block[] = [];
  #from = 0;
  #to = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  /** Starts a file. @throws the reason of the signal */
  async begin(signal: AbortSignal): Promise<void> {
    if (this.#blocks.length === 0) this.#blocks.push(await this.#pool.acquire(signal));
    this.#from = this.#to;
  }

  /** The bytes of the current file. */
  get file(): Buffer {
    return this.#blocks.at(-1)?.bytes.subarray(this.#from, this.#to) ?? Buffer.alloc(0);
  }

  /** Appends to the current file. @returns false if the file is larger than a block, or the pool is empty */
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
