import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';

/** An uncommitted block of a blob. */
export interface Block {
  readonly id: string;
  readonly chunks: readonly Buffer[];
  readonly size: number;
}

/** A stored blob. Immutable: overwriting a name creates a new blob. */
export interface Blob {
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
  /** The blocks that it was committed from; empty after Put Blob. A later block list can reuse them. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** The complete content. Its blocks are joined on first use. */
  bytes(): Buffer;
  sha256(): string;
  /** Base64. Undefined for a blob of blocks unless its block list had one: Azure does not compute it. */
  md5(): string | undefined;
}

export interface StoredBlob {
  readonly container: string;
  readonly name: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Blobs in all containers are deleted after 90 days. */
const RETENTION_MS = 90 * 24 * 60 * 60 * 1_000;

interface BlobRecord {
  readonly container: string;
  readonly name: string;
  readonly blob: Blob;
}

/** In-memory containers and blobs. */
export class BlobStore {
  readonly #now: () => number;
  readonly #blobs = new Map<string, BlobRecord>();
  /** Uncommitted blocks by blob, then by block id. */
  readonly #uncommitted = new Map<string, ReadonlyMap<string, Block>>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get(container: string, name: string): Blob | undefined {
    const key = keyOf(container, name);
    const blob = this.#blobs.get(key)?.blob;
    if (blob === undefined || !this.#isExpired(blob)) return blob;
    this.#blobs.delete(key);
    return undefined;
  }

  put(container: string, name: string, blob: Blob): void {
    this.#uncommitted.delete(keyOf(container, name));
    this.#blobs.set(keyOf(container, name), { container, name, blob });
  }

  delete(container: string, name: string): void {
    this.#blobs.delete(keyOf(container, name));
  }

  /** Uncommitted blocks by block id. Any commit of the blob deletes them. */
  uncommitted(container: string, name: string): ReadonlyMap<string, Block> {
    return this.#uncommitted.get(keyOf(container, name)) ?? new Map<string, Block>();
  }

  putBlock(container: string, name: string, block: Block): void {
    const blocks = this.uncommitted(container, name);
    this.#uncommitted.set(keyOf(container, name), new Map([...blocks, [block.id, block]]));
  }

  list(): StoredBlob[] {
    return [...this.#blobs.values()]
      .filter(({ blob }) => !this.#isExpired(blob))
      .map(({ container, name, blob }) => ({ container, name, size: blob.size, sha256: blob.sha256() }));
  }

  /** A new store with the same blobs and blocks. */
  copy(): BlobStore {
    const copy = new BlobStore(this.#now);
    for (const [key, record] of this.#blobs) copy.#blobs.set(key, record);
    for (const [key, blocks] of this.#uncommitted) copy.#uncommitted.set(key, blocks);
    return copy;
  }

  #isExpired(blob: Blob): boolean {
    return this.#now() - blob.lastModified >= RETENTION_MS;
  }
}

function keyOf(container: string, name: string): string {
  return `${container}/${name}`;
}

/** Creates a blob from its blocks. */
export function createBlob(
  pieces: readonly Buffer[],
  lastModified: number,
  blocks: ReadonlyMap<string, Block> = new Map(),
  claimedMd5?: string,
): Blob {
  let parts = pieces;
  let digest: string | undefined;
  let md5 = claimedMd5;
  return {
    size: pieces.reduce((total, piece) => total + piece.length, 0),
    etag: etagAt(lastModified),
    lastModified,
    blocks,
    bytes() {
      const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      parts = [whole];
      return whole;
    },
    sha256() {
      digest ??= hashOf('sha256', parts).digest('hex');
      return digest;
    },
    md5() {
      if (blocks.size > 0) return claimedMd5;
      md5 ??= hashOf('md5', parts).digest('base64');
      return md5;
    },
  };
}

function hashOf(algorithm: 'sha256' | 'md5', parts: readonly Buffer[]): Hash {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash;
}

/** The format of Azure: the time in ticks of 100 ns since the year 1, in hexadecimal. */
function etagAt(time: number): string {
  const ticks = (BigInt(Math.floor(time)) + 62_135_596_800_000n) * 10_000n;
  return `"0x${ticks.toString(16).toUpperCase()}"`;
}
