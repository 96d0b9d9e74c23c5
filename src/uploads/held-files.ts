import { createHash } from 'node:crypto';
import type { Block, BlockPool } from './block-pool.ts';
import { FileUpload, UploadError } from './file-upload.ts';

/** A PDF in memory. It is valid until its `HeldFiles` are disposed of. */
export interface HeldFile {
  readonly pieces: readonly Buffer[];
  readonly sizeBytes: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  /** The file as an upload that can be read any number of times. */
  readonly upload: FileUpload;
}

export interface HoldOptions {
  readonly pool: BlockPool;
  /** The limit of all files together. */
  readonly maxBytes: number;
  /** Blocks that are reserved in addition, for storing the files. @default 0 */
  readonly extraBlocks?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Files of one request that are in memory as a whole, one after the other in blocks of the pool. The blocks are reserved at
 * once, when the first bytes have arrived. Dispose of it to return them.
 */
export class HeldFiles implements Disposable {
  readonly #options: HoldOptions;
  readonly #blocks: Block[] = [];
  #reserved: BlockPool | undefined;
  /** Bytes in the last block. */
  #filled = 0;
  #bytes = 0;

  constructor(options: HoldOptions) {
    this.#options = options;
  }

  /** The blocks that hold nothing, or those of the gateway if nothing is held. */
  get extra(): BlockPool {
    return this.#reserved ?? this.#options.pool;
  }

  /**
   * Reads a PDF to its end.
   * @param atMostBytes a bound of its size, if one is known
   * @throws {UploadError}
   */
  async hold(pdf: AsyncIterable<Buffer>, atMostBytes = Infinity): Promise<HeldFile> {
    const hash = createHash('sha256');
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of pdf) {
      this.#reserved ??= await this.#reserve(atMostBytes);
      hash.update(chunk);
      sizeBytes += chunk.length;
      this.#append(chunk, pieces);
    }
    const upload = new FileUpload(() => readPieces(pieces), sizeBytes);
    return { pieces, sizeBytes, sha256: hash.digest('hex'), upload };
  }

  async #reserve(atMostBytes: number): Promise<BlockPool> {
    const { pool, maxBytes, extraBlocks = 0, signal } = this.#options;
    const needed = Math.ceil(Math.min(atMostBytes, maxBytes) / pool.blockBytes);
    return pool.reserve(Math.min(Math.max(needed, 1) + extraBlocks, pool.blocks), signal);
  }

  #append(chunk: Buffer, pieces: Buffer[]): void {
    const { maxBytes } = this.#options;
    this.#bytes += chunk.length;
    if (this.#bytes > maxBytes)
      throw new UploadError('too-large', `The files exceed the limit of ${maxBytes} bytes.`, {
        limitBytes: maxBytes,
      });
    for (let taken = 0; taken < chunk.length;) {
      const block = this.#blockWithRoom();
      const copied = chunk.copy(block.bytes, this.#filled, taken);
      const last = pieces.at(-1);
      const piece = block.bytes.subarray(this.#filled, this.#filled + copied);
      // A piece that continues the last one in the same block is joined to it.
      if (last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset)
        pieces[pieces.length - 1] = block.bytes.subarray(
          last.byteOffset - block.bytes.byteOffset,
          this.#filled + copied,
        );
      else pieces.push(piece);
      this.#filled += copied;
      taken += copied;
    }
  }

  #blockWithRoom(): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#filled < last.bytes.length) return last;
    const block = this.#reserved?.tryAcquire();
    if (block === undefined) throw new TypeError('too few blocks were reserved');
    this.#blocks.push(block);
    this.#filled = 0;
    return block;
  }

  [Symbol.dispose](): void {
    for (const block of this.#blocks.splice(0)) block[Symbol.dispose]();
    this.#reserved?.[Symbol.dispose]();
  }
}

async function* readPieces(pieces: readonly Buffer[]): AsyncGenerator<Buffer, void, void> {
  yield* pieces;
}
