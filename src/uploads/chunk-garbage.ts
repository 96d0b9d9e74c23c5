import v8 from 'node:v8';
import vm from 'node:vm';

/*
 * Node allocates 64 KiB for every read from a socket. These buffers are outside the V8 heap, so V8 lets 64 MiB of them
 * accumulate before it collects them: more than an upload otherwise needs, and beyond the reach of the block pool. A
 * collection of the young generation frees all of them in a millisecond, so one runs for every 16 MiB received. Memory of
 * the gateway above idle, by `npm run bench:uploads -- 3`, medians on two cores:
 *
 *   | uploads     | target  | with               | without                     |
 *   | ----------- | ------- | ------------------ | --------------------------- |
 *   | 1 x 500 MiB |  80 MiB |  28 MiB, 263 MiB/s |  77 MiB, 275 MiB/s          |
 *   | 8 x 50 MiB  | 140 MiB |  57 MiB, 352 MiB/s | 116 MiB, 312 MiB/s          |
 *   | 32 x 50 MiB | 140 MiB | 107 MiB, 391 MiB/s | 140 MiB, 350 MiB/s (1 over) |
 *
 * `node --max-semi-space-size=4` has the same effect (37, 69 and 109 MiB), but for every request, and only if the operator
 * sets it. The flag below applies to contexts created after it, so that the main context has no `gc`.
 */
const BYTES_BETWEEN = 16 * 1024 * 1024;

v8.setFlagsFromString('--expose-gc');
const gc: ((options: { type: 'minor' }) => void) | undefined = vm.runInNewContext('globalThis.gc');
let bytes = 0;

/** Must be called for every chunk of a request body. */
export function chunkReceived(chunk: Buffer): void {
  bytes += chunk.length;
  if (bytes < BYTES_BETWEEN) return;
  bytes = 0;
  gc?.({ type: 'minor' });
}
