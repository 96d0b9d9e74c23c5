import { once } from 'node:events';
import { startSandbox } from '../mocks/sandbox/http/server.ts';
import type { CallFault } from '../mocks/sandbox/faults/fault.ts';

/*
 * The sandbox of the soak test in its own process, with the rate limit of the service or without (`off`). One call in a hundred
 * gets a fault. It counts the calls and keeps only what the comparison with the clients needs.
 */
export interface SandboxReport {
  /** Calls by operation: received, and with a fault. */
  readonly calls: Record<string, number>;
  readonly faulty: Record<string, number>;
  /** Calls by method and path. */
  readonly received: Record<string, number>;
  /** Start and end of calls with a fault, in milliseconds since 1970. */
  readonly faults: readonly (readonly [from: number, until: number])[];
  /** 429 answers of the rate limit, without those of faults. */
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
  // Without a limit there are no 429 faults either, because a 429 makes the gateway pause its calls for a window.
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

function report(): SandboxReport {
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

process.on('message', (message: 'faults' | 'report') => {
  if (message === 'faults') {
    for (const fault of KINDS) sandbox.faults.add({ ...fault, probability: SHARE / KINDS.length });
    return;
  }
  process.send?.(report());
});
process.send?.({ origin: sandbox.origin });
await once(process, 'disconnect');
process.exit();
