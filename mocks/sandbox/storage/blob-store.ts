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

/** In-memory containers and blobs. */
export interface BlobStore {
  get(container: string, name: string): Blob | undefined;
  put(container: string, name: string, blob: Blob): void;
  delete(container: string, name: string): void;
  /** Uncommitted blocks by block id. Any commit of the blob deletes them. */
  uncommitted(container: string, name: string): ReadonlyMap<string, Block>;
  putBlock(container: string, name: string, block: Block): void;
  list(): StoredBlob[];
  /** A new store with the same blobs and blocks. */
  copy(): BlobStore;
}

interface Stored {
  readonly container: string;
  readonly name: string;
  readonly blob: Blob;
}

export function createBlobStore(
  now: () => number,
  blobs = new Map<string, Stored>(),
  staged = new Map<string, ReadonlyMap<string, Block>>(),
): BlobStore {
  const key = (container: string, name: string) => `${container}/${name}`;
  return {
    get(container, name) {
      const blob = blobs.get(key(container, name))?.blob;
      if (blob === undefined || now() - blob.lastModified < RETENTION_MS) return blob;
      blobs.delete(key(container, name));
      return undefined;
    },
    put(container, name, blob) {
      staged.delete(key(container, name));
      blobs.set(key(container, name), { container, name, blob });
    },
    delete(container, name) {
      blobs.delete(key(container, name));
    },
    uncommitted: (container, name) => staged.get(key(container, name)) ?? new Map<string, Block>(),
    putBlock(container, name, block) {
      const blocks = staged.get(key(container, name)) ?? new Map<string, Block>();
      staged.set(key(container, name), new Map([...blocks, [block.id, block]]));
    },
    list: () =>
      [...blobs.values()]
        .filter(({ blob }) => now() - blob.lastModified < RETENTION_MS)
        .map(({ container, name, blob }) => ({
          container,
          name,
          size: blob.size,
          sha256: blob.sha256(),
        })),
    copy: () => createBlobStore(now, new Map(blobs), new Map(staged)),
  };
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
