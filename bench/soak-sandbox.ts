import { once } from 'node:events';
import { startSandbox } from '../mocks/sandbox/server.ts';
import type { CallFault } from '../mocks/sandbox/faults/fault.ts';

/*
 * The sandbox of the soak, with the service's own limit or without (`off`), in a process of its own. One call in a hundred
 * meets a fault. It counts what it received, and keeps no more of it than is needed to hold it against what the client
 * knows.
 */
export interface Told {
  /** Calls by operation: received, and met by a fault. */
  readonly calls: Record<string, number>;
  readonly faulty: Record<string, number>;
  /** Calls by method and path. */
  readonly received: Record<string, number>;
  /** When calls that met a fault began and ended, in milliseconds since 1970. */
  readonly faults: readonly (readonly [from: number, until: number])[];
  /** 429 that were the limit's and no fault's. */
  readonly overLimit: number;
  readonly violations: number;
  readonly requests: readonly {
    readonly id: string;
    readonly status: string;
    readonly isNotified: boolean;
  }[];
  readonly dossiers: readonly string[];
}

const HAS_LIMIT = process.argv[2] !== 'off';
const SHARE = 0.01;
const DRAIN_MS = 250;
const KINDS: readonly CallFault[] = [
  { kind: 'status', status: 500 },
  // Where there is no limit, nobody is over it; a gateway that is told so all the same leaves the key alone for a window.
  ...(HAS_LIMIT ? [{ kind: 'rate-limit', retryAfterSeconds: 1 } as const] : []),
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'reset', when: 'middle' },
  { kind: 'latency', ms: 2_000 },
  { kind: 'malformed-body' },
  { kind: 'wrong-content-type' },
];

const sandbox = await startSandbox({
  timeScale: 0.01,
  ...(!HAS_LIMIT && { rateLimit: false }),
});
const calls: Record<string, number> = {};
const faulty: Record<string, number> = {};
const received: Record<string, number> = {};
const faults: [number, number][] = [];
let overLimit = 0;

function drain(): void {
  const entries = sandbox.journal.entries();
  sandbox.journal.clear();
  for (const { operationId = 'none', method, path, time, durationMs, status, faults: met } of entries) {
    received[`${method} ${path}`] = (received[`${method} ${path}`] ?? 0) + 1;
    calls[operationId] = (calls[operationId] ?? 0) + 1;
    if (met.length === 0) {
      overLimit += Number(status === 429);
      continue;
    }
    faulty[operationId] = (faulty[operationId] ?? 0) + 1;
    faults.push([Date.parse(time), Date.parse(time) + durationMs]);
  }
}
setInterval(drain, DRAIN_MS);

function told(): Told {
  drain();
  const { store } = sandbox.snapshot();
  return {
    calls,
    faulty,
    received,
    faults,
    overLimit,
    violations: sandbox.violations.length,
    requests: [...store.requests.values()].map(({ id, status, ioMessageId }) => ({
      id,
      status,
      isNotified: ioMessageId !== undefined,
    })),
    dossiers: [...store.dossiers.keys()],
  };
}

process.on('message', (message: 'faults' | 'tell') => {
  if (message === 'faults') {
    for (const fault of KINDS) sandbox.faults.add({ ...fault, probability: SHARE / KINDS.length });
    return;
  }
  process.send?.(told());
});
process.send?.({ origin: sandbox.origin });
await once(process, 'disconnect');
process.exit();
