import { fork } from 'node:child_process';
import { once } from 'node:events';
import { request, Agent } from 'undici';
import { createEvents } from '../src/observability/events.ts';
import { Queues } from '../src/observability/queues.ts';
import { CircuitBreaker } from '../src/upstream/pipeline/circuit-breaker.ts';
import { withOptions, withStages } from '../src/upstream/call.ts';
import type { UpstreamClient } from '../src/upstream/call.ts';
import { createIssuerClient } from '../src/upstream/clients.ts';
import { HttpClient } from '../src/upstream/http-client.ts';
import { getSignatureRequest } from '../src/upstream/operations/get-signature-request.ts';
import { SERVICE_RETRIES, withRetries } from '../src/upstream/pipeline/retry.ts';
import { cpuMicros, inParallel, measure, printCosts } from './rounds.ts';
import type { Contestant } from './rounds.ts';
import { NO_PROXY } from '../src/upstream/connect-through.ts';

/*
 * The processor time of an upstream call in the gateway, in total and by part. The contestants take turns in one run; the
 * service is another process that answers at once. It prints results and asserts nothing. About 30 s.
 *
 *   node bench/hot-path.ts
 */
const ROUNDS = 15;
const CALLS = 2_000;
const WIDTH = 32;

const stub = fork(new URL('service-stub.ts', import.meta.url));
const [port] = (await once(stub, 'message')) as [number]; // what service-stub.ts sends
const baseUrl = new URL(`http://127.0.0.1:${port}`);
const events = createEvents();
const options = {
  baseUrl,
  apiKey: 'bench',
  storageHosts: [],
  timeoutMs: 20_000,
  connections: 50,
  proxyFor: NO_PROXY,
  rateLimit: { calls: 100_000_000, windowMs: 5_000 },
  operationTimeoutMs: 90_000,
  breaker: new CircuitBreaker({ origin: 'service', failures: 10, openMs: 10_000, events }),
  events,
  queues: new Queues(),
};

const agent = new Agent({ connections: 50 });
const http = new HttpClient(options);
const retrying = withStages(http, [withRetries({ ...options, policy: SERVICE_RETRIES })]);
const full = createIssuerClient(options).shared;

const idOf = (nth: number): string => `01KJYMD75M8Q4V6W9X0Y2${String(nth).padStart(5, '0')}`;
const reading =
  (client: UpstreamClient) =>
  (nth: number): Promise<unknown> =>
    getSignatureRequest(client, idOf(nth), { signal: new AbortController().signal });
async function bare(nth: number): Promise<unknown> {
  const { body } = await request(`${baseUrl.href}/signature-requests/${idOf(nth)}`, {
    dispatcher: agent,
    headers: { 'ocp-apim-subscription-key': 'bench', accept: 'application/json' },
  });
  return await body.json();
}

const contestant = (name: string, task: (nth: number) => Promise<unknown>): Contestant => ({
  name,
  async work(units) {
    const before = cpuMicros();
    await inParallel(units, WIDTH, task);
    return cpuMicros() - before;
  },
});

printCosts(
  'one read from the service',
  await measure(
    [
      contestant('undici and JSON.parse', bare),
      contestant('HTTP client: key, errors, decoding', reading(http)),
      contestant('with deadline and retries', reading(retrying)),
      contestant('full pipeline', reading(full)),
      contestant('full pipeline with coalescing', reading(withOptions(full, { caller: 'bench' }))),
    ],
    { rounds: ROUNDS, units: CALLS },
  ),
);
await Promise.all([http.close(), full.close(), agent.close()]);
stub.disconnect();
