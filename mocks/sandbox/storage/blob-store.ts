import { createHash, randomUUID } from 'node:crypto';

/** A piece of a blob that has not been committed. */
export interface Block {
  readonly id: string;
  readonly chunks: readonly Buffer[];
  readonly size: number;
}

/** Bytes at rest. Immutable: writing over a name makes a new one. */
export interface Blob {
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
  /** The blocks it was committed from, empty after a Put Blob. A later block list may name them again. */
  readonly blocks: ReadonlyMap<string, Block>;
  /** The whole content. Joined on first use and kept. */
  bytes(): Buffer;
  sha256(): string;
}

export interface StoredBlob {
  readonly container: string;
  readonly name: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Containers and blobs, in memory. */
export interface BlobStore {
  get(container: string, name: string): Blob | undefined;
  put(container: string, name: string, blob: Blob): void;
  delete(container: string, name: string): void;
  /** Blocks waiting for a block list, by block id. Committing the blob in any way drops them. */
  uncommitted(container: string, name: string): ReadonlyMap<string, Block>;
  putBlock(container: string, name: string, block: Block): void;
  list(): StoredBlob[];
}

export function createBlobStore(): BlobStore {
  const blobs = new Map<string, { container: string; name: string; blob: Blob }>();
  const staged = new Map<string, Map<string, Block>>();
  const key = (container: string, name: string) => `${container}/${name}`;
  return {
    get: (container, name) => blobs.get(key(container, name))?.blob,
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
      blocks.set(block.id, block);
      staged.set(key(container, name), blocks);
    },
    list: () =>
      [...blobs.values()].map(({ container, name, blob }) => ({
        container,
        name,
        size: blob.size,
        sha256: blob.sha256(),
      })),
  };
}

/** A blob from its pieces. */
export function createBlob(
  pieces: readonly Buffer[],
  lastModified: number,
  blocks: ReadonlyMap<string, Block> = new Map(),
): Blob {
  let parts = pieces;
  let digest: string | undefined;
  return {
    size: pieces.reduce((total, piece) => total + piece.length, 0),
    etag: `"0x${randomUUID().replaceAll('-', '').slice(0, 15).toUpperCase()}"`,
    lastModified,
    blocks,
    bytes() {
      const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      parts = [whole];
      return whole;
    },
    sha256() {
      if (digest === undefined) {
        const hash = createHash('sha256');
        for (const part of parts) hash.update(part);
        digest = hash.digest('hex');
      }
      return digest;
    },
  };
}
