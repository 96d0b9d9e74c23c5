import { createHook } from 'node:async_hooks';
import { getHeapStatistics } from 'node:v8';

/*
 * Loaded by `--import` into a gateway, whose use of memory and of asynchronous resources it reports over IPC. A count of
 * resources costs memory, so it starts with the message `count`.
 */
export interface Footprint {
  /** Bytes on the V8 heap since the start of the process. Garbage counts too. */
  readonly allocatedBytes: number;
  /** Promises, timers and others since the message `count`, by the type of `node:async_hooks`. */
  readonly resources: Readonly<Record<string, number>>;
}

const resources: Record<string, number> = {};
const hook = createHook({
  init(_, type) {
    resources[type] = (resources[type] ?? 0) + 1;
  },
});

process.on('message', (message) => {
  if (message === 'count') hook.enable();
  const { total_allocated_bytes: allocatedBytes } = getHeapStatistics();
  process.send?.({ allocatedBytes, resources } satisfies Footprint);
});
