import { MemoryIdempotencyStore } from '../src/idempotency/memory-store.ts';
import { cpuMicros } from './rounds.ts';

/*
 * Fills a store of idempotency keys in memory for each of its arguments, which is the number of keys that the store can hold,
 * and measures the processor time of further keys, each of which takes the place of the oldest. It sends the results to the
 * parent process. `--expose-gc` is required.
 */
export interface StoredKeys {
  readonly keys: number;
  /** Processor time to store one more key, in microseconds. */
  readonly cpuMicros: number;
  /** Memory of all keys, without garbage. */
  readonly heapMib: number;
}

/** What few keys take is less than what else changes on the heap. */
const RESOLUTION_MIB = 0.1;
/** Enough to let V8 compile the code, and for the average of a key that is stored in a full store. */
const SAMPLE = 50_000;

/** Each key has the outcome of a mutation. */
async function storeKeys(store: MemoryIdempotencyStore, from: number, to: number): Promise<void> {
  for (let nth = from; nth < to; nth += 1) {
    const name = `local:default:caller:createSignatureRequest:${nth}`;
    const claim = { fingerprint: `fingerprint-of-the-input-${nth}`, token: `token-${nth}` };
    await store.claim(name, claim);
    await store.recordSend(name, claim.token, 0);
    await store.complete(name, claim, `{"id":"01J9ZQ4S${String(nth).padStart(18, '0')}"}`);
  }
}

function heapMib(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

const newStore = (maxRecords: number) => new MemoryIdempotencyStore({ ttlMs: 86_400_000, maxRecords });

async function measure(keys: number): Promise<StoredKeys> {
  const empty = heapMib();
  const store = newStore(keys);
  await storeKeys(store, 0, keys);
  const heap = heapMib() - empty;
  const before = cpuMicros();
  await storeKeys(store, keys, keys + SAMPLE);
  return { keys, cpuMicros: (cpuMicros() - before) / SAMPLE, heapMib: Math.max(heap, RESOLUTION_MIB) };
}

await storeKeys(newStore(1), 0, SAMPLE);
const results: StoredKeys[] = [];
for (const keys of process.argv.slice(2).map(Number)) results.push(await measure(keys));
process.send?.(results);
