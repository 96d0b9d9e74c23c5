/** The size of one Put Block. A file up to this size is stored with one Put Blob. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** A borrowed buffer. Dispose of it (`using`) when nothing reads or writes `bytes` any more. */
export interface Block extends Disposable {
  readonly bytes: Buffer;
}

interface Waiter {
  readonly grant: (block: Block) => void;
}

/**
 * A fixed number of buffers of equal size, lent in order of request. It bounds the memory of uploads, whatever their size
 * and number. Buffers are allocated on first use and then reused, because garbage of this size is collected too late.
 */
export class BlockPool {
  readonly blocks: number;
  readonly blockBytes: number;
  readonly #free: Buffer[] = [];
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
    signal?.throwIfAborted();
    const block = this.tryAcquire();
    if (block) return block;
    const { promise, resolve, reject } = Promise.withResolvers<Block>();
    const waiter: Waiter = { grant: resolve };
    const leave = (): void => {
      this.#waiters.delete(waiter);
      reject(signal?.reason);
    };
    this.#waiters.set(waiter, performance.now());
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** A free block, unless there is none or other callers wait. */
  tryAcquire(): Block | undefined {
    if (this.#waiters.size > 0) return undefined;
    // The block used last is reused first, so that a quiet gateway touches few pages of memory.
    const bytes = this.#free.pop();
    if (bytes) return this.#lend(bytes);
    if (this.#allocated === this.blocks) return undefined;
    this.#allocated += 1;
    return this.#lend(Buffer.allocUnsafeSlow(this.blockBytes));
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
    const [next] = this.#waiters.keys();
    if (!next) {
      this.#free.push(bytes);
      return;
    }
    this.#waiters.delete(next);
    next.grant(this.#lend(bytes));
  }
}
