import { createHook } from 'node:async_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

/*
 * Loaded by `--import` into a gateway, whose use of memory and of asynchronous resources it reports over IPC. A count of
 * resources costs memory, so it starts with the message `count`.
 */
export interface Footprint {
  /** Bytes on the V8 heap since the start of the process. Garbage counts too. */
  readonly allocatedBytes: number;
  /** After the message `collect`: bytes that only a full collection frees, living or not. */
  readonly oldBytes: number;
  /** Promises, timers and others since the message `count`, by the type of `node:async_hooks`. */
  readonly resources: Readonly<Record<string, number>>;
}

const resources: Record<string, number> = {};
const hook = createHook({
  init(_, type) {
    resources[type] = (resources[type] ?? 0) + 1;
  },
});

/** After a collection of the young generation; two of them move what they do not free to the old one. */
function oldBytes(): number {
  globalThis.gc?.({ type: 'minor' });
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !name.startsWith('new_'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
}

process.on('message', (message) => {
  if (message === 'count') hook.enable();
  const { total_allocated_bytes: allocatedBytes } = getHeapStatistics();
  // Reading the sizes of the spaces allocates, so it is done only for this message.
  const old = message === 'collect' ? oldBytes() : 0;
  process.send?.({ allocatedBytes, oldBytes: old, resources } satisfies Footprint);
});
