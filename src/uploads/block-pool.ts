/** The size of one Put Block. A file up to this size is stored with one Put Blob. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** A borrowed buffer. Dispose of it (`using`) when nothing reads or writes `bytes` any more. */
export interface Block extends Disposable {
  readonly bytes: Buffer;
}

interface Waiter {
  /** How many buffers it needs, all at once. */
  readonly count: number;
  readonly grant: (buffers: Buffer[]) => void;
}

/**
 * A fixed number of buffers of equal size, lent in order of request. It bounds the memory of uploads, whatever their size
 * and number. Buffers are allocated on first use and then reused, because garbage of this size is collected too late.
 */
export class BlockPool implements Disposable {
  readonly blocks: number;
  readonly blockBytes: number;
  readonly #free: Buffer[] = [];
  /** The pool that gets the buffers back, after `reserve`. */
  #parent: BlockPool | undefined;
  #isReturned = false;
  /** In order of request, with the time of the request. */
  readonly #waiters = new Map<Waiter, number>();
  #allocated = 0;

  /** @param options.blocks @default 12, 48 MiB; with the 4 blocks for early files 64 MiB */
  constructor({ blocks = 12, blockBytes = BLOCK_BYTES }: { blocks?: number; blockBytes?: number } = {}) {
    if (blocks < 1) throw new RangeError(`A block pool needs at least one block, not ${blocks}.`);
    this.blocks = blocks;
    this.blockBytes = blockBytes;
  }

  /** Blocks in use now. */
  get inUse(): number {
    return this.#allocated - this.#free.length;
  }

  /** Callers that wait for a block now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** How long the first caller has been waiting, in milliseconds; 0 if no caller waits. */
  get oldestMs(): number {
    const now = performance.now();
    const [requestedAt = now] = this.#waiters.values();
    return now - requestedAt;
  }

  /** Waits for a free block, in order of request. @throws the reason of the signal if it is aborted first */
  async acquire(signal?: AbortSignal): Promise<Block> {
    const [bytes] = await this.#take(1, signal);
    if (bytes === undefined) throw new TypeError('the pool granted no buffer');
    return this.#lend(bytes);
  }

  /**
   * Waits until `count` blocks are free, in order of request, and takes them at once: a caller that needs several blocks and
   * acquired them one by one could wait for ever for another such caller. Disposing of the returned pool returns its blocks.
   * @throws {RangeError} if the pool has fewer blocks. @throws the reason of the signal if it is aborted first
   */
  async reserve(count: number, signal?: AbortSignal): Promise<BlockPool> {
    if (count > this.blocks) throw new RangeError(`The pool has ${this.blocks} blocks, not ${count}.`);
    const reserved = new BlockPool({ blocks: count, blockBytes: this.blockBytes });
    reserved.#free.push(...(await this.#take(count, signal)));
    reserved.#allocated = count;
    reserved.#parent = this;
    return reserved;
  }

  /** A free block, unless there is none or other callers wait. */
  tryAcquire(): Block | undefined {
    if (this.#waiters.size > 0 || this.#available === 0) return undefined;
    return this.#lend(this.#pop());
  }

  /** Returns the blocks of a reserved pool; those in use when they are disposed of. */
  [Symbol.dispose](): void {
    const parent = this.#parent;
    if (parent === undefined) return;
    this.#isReturned = true;
    for (const bytes of this.#free.splice(0)) parent.#takeBack(bytes);
  }

  get #available(): number {
    return this.#free.length + this.blocks - this.#allocated;
  }

  async #take(count: number, signal?: AbortSignal): Promise<Buffer[]> {
    signal?.throwIfAborted();
    if (this.#waiters.size === 0 && this.#available >= count) return this.#popAll(count);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer[]>();
    const waiter: Waiter = { count, grant: resolve };
    const leave = (): void => {
      this.#waiters.delete(waiter);
      reject(signal?.reason);
      // The next caller may need fewer blocks.
      this.#serve();
    };
    this.#waiters.set(waiter, performance.now());
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  #popAll(count: number): Buffer[] {
    return Array.from({ length: count }, () => this.#pop());
  }

  #pop(): Buffer {
    // The block used last is reused first, so that a quiet gateway touches few pages of memory.
    const bytes = this.#free.pop();
    if (bytes) return bytes;
    this.#allocated += 1;
    return Buffer.allocUnsafeSlow(this.blockBytes);
  }

  #lend(bytes: Buffer): Block {
    let isLent = true;
    return {
      bytes,
      [Symbol.dispose]: () => {
        if (!isLent) return;
        isLent = false;
        this.#takeBack(bytes);
      },
    };
  }

  #takeBack(bytes: Buffer): void {
    const owner = (this.#isReturned ? this.#parent : undefined) ?? this;
    owner.#free.push(bytes);
    owner.#serve();
  }

  #serve(): void {
    for (const waiter of this.#waiters.keys()) {
      if (waiter.count > this.#available) return;
      this.#waiters.delete(waiter);
      waiter.grant(this.#popAll(waiter.count));
    }
  }
}
