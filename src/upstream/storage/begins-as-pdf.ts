import { once } from 'node:events';
import type { Readable } from 'node:stream';

const MAGIC = Buffer.from('%PDF-');

/**
 * Waits for the first bytes of a file, and leaves them where they are. Signed files are PDFs that begin as such, as nothing
 * else is taken for signing; proxies and portals in between answer 200 with pages of their own.
 * @returns false also for a file without any bytes.
 * @throws what the file breaks with.
 */
export async function beginsAsPdf(file: Readable): Promise<boolean> {
  const start = await startOf(file);
  return start.length > 0 && start.equals(MAGIC.subarray(0, start.length));
}

async function startOf(file: Readable): Promise<Buffer> {
  for (;;) {
    // Fewer at the end of the file, and none before there are enough.
    const start: unknown = file.read(MAGIC.length);
    if (Buffer.isBuffer(start)) {
      file.unshift(start);
      return start;
    }
    if (file.readableEnded) return Buffer.alloc(0);
    const waiting = new AbortController();
    const { signal } = waiting;
    try {
      await Promise.race([once(file, 'readable', { signal }), once(file, 'end', { signal })]);
    } finally {
      waiting.abort();
    }
  }
}
