/** 4 MiB: what one Put Block carries, and the size up to which a file goes as one Put Blob. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** A buffer on loan. Dispose of it (`using`) once nothing reads or writes `bytes` any more. */
export interface Block extends Disposable {
  readonly bytes: Buffer;
}

interface Waiter {
  readonly grant: (block: Block) => void;
}

/**
 * A fixed number of equal buffers, lent in the order of asking: the memory that uploads may use, whatever
 * their size and number. Buffers are made when first needed and reused ever after, since garbage of this
 * size lives for too long before it is collected.
 */
export class BlockPool {
  readonly blocks: number;
  readonly blockBytes: number;
  readonly #free: Buffer[] = [];
  /** In the order of asking, with the time at which each asked. */
  readonly #waiters = new Map<Waiter, number>();
  #allocated = 0;

  /** @param options.blocks @default 12, 48 MiB; the 4 blocks for early files make it 64, see `use-uploads.ts` */
  constructor({ blocks = 12, blockBytes = BLOCK_BYTES }: { blocks?: number; blockBytes?: number } = {}) {
    if (blocks < 1) throw new RangeError(`A pool needs at least one block, not ${blocks}.`);
    this.blocks = blocks;
    this.blockBytes = blockBytes;
  }

  /** Blocks on loan now. */
  get inUse(): number {
    return this.#allocated - this.#free.length;
  }

  /** Callers in the queue now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** For how many milliseconds the first in the queue has waited; 0 when none waits. */
  get oldestMs(): number {
    const now = performance.now();
    const [askedAt = now] = this.#waiters.values();
    return now - askedAt;
  }

  /** The next free block, after everybody who asked before. @throws the signal's reason when it aborts first. */
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

  /** A block if one is free and nobody waits for it. */
  tryAcquire(): Block | undefined {
    if (this.#waiters.size > 0) return undefined;
    // The block used last comes first: a quiet gateway touches few of them.
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
