import { freeChunk } from '../../src/uploads/body-watch.ts';

/** Chunks as those of an upload: each is freed when the next one is requested. */
export async function* freedChunks(texts: readonly string[]): AsyncGenerator<Buffer, void, void> {
  for (const text of texts) {
    const chunk = Buffer.from(new TextEncoder().encode(text).slice().buffer);
    yield chunk;
    freeChunk(chunk);
  }
}
