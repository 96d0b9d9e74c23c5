import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/*
 * Loaded by `--import` into a server that is profiled. A message starts the profiles of processor time and of
 * allocations; the next one is the path, without an extension, where to write them.
 */
const session = new Session();
session.connect();
let isRunning = false;

async function start(): Promise<void> {
  isRunning = true;
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 16_384,
    // All allocations count, also of objects that have been collected.
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await session.post('Profiler.start');
}

async function stop(path: string): Promise<void> {
  isRunning = false;
  const cpu = await session.post('Profiler.stop');
  const heap = await session.post('HeapProfiler.stopSampling');
  writeFileSync(`${path}.cpuprofile`, JSON.stringify(cpu.profile));
  writeFileSync(`${path}.heapprofile`, JSON.stringify(heap.profile));
  process.send?.('written');
}

process.on('message', (path) => void (isRunning ? stop(String(path)) : start()));
process.channel?.unref();
