import { setTimeout as sleep } from 'node:timers/promises';
import { PDFDocument } from 'pdf-lib';
import { ask, start, stopAll } from './processes.ts';
import { SoakClient } from './soak-client.ts';
import type { Failure } from './soak-client.ts';
import type { Measured } from './gateway-process.ts';
import type { SandboxReport } from './soak-sandbox.ts';

/*
 * Measures the capacity with callers that do not pause, then runs a mixed load at half of it, while one call in a hundred gets a
 * fault. Sandbox and gateway are separate processes on loopback. It fails unless a fault explains every error, memory and
 * handles stay flat, every created request exists in the sandbox once, and the calls that the gateway sent are those that the
 * sandbox received.
 *
 *   npm run soak                     ten minutes, with the limit of the service
 *   SOAK_SECONDS=60 npm run soak     one minute
 *   SOAK_LIMIT=off npm run soak      without the limit: the capacity of this machine
 */
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 600);
const WARM_UP_SECONDS = Math.min(60, SECONDS / 3);
/** Time for running journeys to end, retries included. */
const DRAIN_SECONDS = 60;
/** Time until idle connections to the service are closed and the last polls have ended. */
const SETTLE_SECONDS = 7;
const LIMIT = process.env['SOAK_LIMIT'] === 'off' ? 'off' : 'on';
/** Callers without pauses, and duration, of the measurement of the capacity. */
const CALLERS = 100;
const CAPACITY_SECONDS = 20;
/** Number of journeys of each kind in a hundred; the others read a request. */
const OF_HUNDRED = { requestSignature: 19, singleSteps: 5 };
const MIB = 1024 * 1024;
/** Growth of the heap after the warm-up, without the idempotency keys, which are kept for a day. */
const HEAP_GROWTH_MIB = 4;
const BYTES_PER_KEY = 1_000;
const RSS_GROWTH_MIB = 48;
/** Requests that are still watched, because no read has shown their end. */
const TOLERATED_HANDLES = 4;
/** Codes of errors that a fault can cause. */
const EXPLICABLE =
  /^(?:UPSTREAM_\w+|RATE_LIMITED|SERVICE_FAULT|OUTCOME_UNKNOWN|UPLOAD_INTERRUPTED|BROKEN_OFF|HTTP_50[234]|HTTP_429)$/;
/** Errors of a call that was written to a connection and may not have arrived. */
const BROKEN = /^(?:UND_ERR_SOCKET|ECONNRESET|EPIPE|UND_ERR_ABORTED|AbortError|TimeIsUpError)/;

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

let hasFailed = false;
function verdict(what: string, isGood: boolean, ...figures: string[]): void {
  hasFailed ||= !isGood;
  console.log(`${isGood ? 'pass' : 'FAIL'}  ${what.padEnd(62)} ${figures.join('  ')}`);
}

const pdf = await PDFDocument.create();
pdf.addPage([595.28, 841.89]);
const file = Buffer.from(await pdf.save());

const sandbox = await start<{ origin: string }>('soak-sandbox.ts', LIMIT);
const { origin } = sandbox.said;
const settings = LIMIT === 'off' ? ['RATE_BUDGET_CALLS=100000', 'RATE_LIMIT_PER_MINUTE=0'] : [];
const gateway = await start<{ url: string }>('gateway-process.ts', origin, ...settings);
const client = new SoakClient(gateway.said.url, file);
const { ledger } = client;

const isStorage = (operation: string): boolean => /^(?:put|get|delete)(?:Blob|Block)/.test(operation);
const ofService = (counts: Readonly<Record<string, number>>): number =>
  total(Object.fromEntries(Object.entries(counts).filter(([operation]) => !isStorage(operation))));

const running = new Set<Promise<void>>();
function run(work: Promise<void>): void {
  running.add(work);
  void work.finally(() => running.delete(work));
}

async function sign(id: string): Promise<void> {
  const response = await fetch(`${origin}/_sandbox/citizen/sign`, {
    method: 'POST',
    body: JSON.stringify({ id }),
  });
  if (!response.ok) throw new Error(`the citizen cannot sign: ${await response.text()}`);
  await response.text();
}

const latest: { id: string }[] = [];
let journeys = 0;
async function wholeJourney(): Promise<void> {
  journeys += 1;
  // Every second request is in a dossier with other requests of the same citizen and documents.
  const [shared] = ledger.dossiers;
  const request = await client.requestSignature(journeys % 2 === 0 ? shared : undefined);
  if (request === undefined) return;
  latest.push(request);
  if (latest.length > 20) latest.shift();
  const watching = client.watch(request);
  await sleep(1_000);
  await sign(request.id);
  await watching;
  await client.download(request);
}

// Warms up each kind, and creates the dossier that journeys share.
await client.singleSteps();
await wholeJourney();

await sleep(SETTLE_SECONDS * 1_000);
const idle = await ask<Measured>(gateway.child, 'measure');

/** One journey of a hundred: the kinds alternate, so that the mix is the same all the time. */
let turns = 0;
async function journey(): Promise<void> {
  turns += 1;
  const turn = (turns * 37) % 100;
  if (turn < OF_HUNDRED.requestSignature) return await wholeJourney();
  if (turn < OF_HUNDRED.requestSignature + OF_HUNDRED.singleSteps) return void (await client.singleSteps());
  const request = latest[turn % latest.length];
  if (request !== undefined) await client.read(request);
}

/** Journeys per second without pauses, and their upstream calls. */
async function measureCapacity(): Promise<{ journeys: number; calls: number }> {
  const from = await ask<SandboxReport>(sandbox.child, 'report');
  const began = performance.now();
  const secondsIn = (): number => (performance.now() - began) / 1_000;
  let done = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (secondsIn() < CAPACITY_SECONDS) {
      await journey();
      done += 1;
    }
  });
  await sleep(CAPACITY_SECONDS * 1_000);
  const seconds = secondsIn();
  const until = await ask<SandboxReport>(sandbox.child, 'report');
  const calls = (ofService(until.calls) - ofService(from.calls)) / seconds;
  const callsEach = await Promise.all(callers).then(async () => {
    const after = await ask<SandboxReport>(sandbox.child, 'report');
    return (ofService(after.calls) - ofService(from.calls)) / done;
  });
  return { journeys: calls / callsEach, calls };
}
const capacity = await measureCapacity();
console.log(
  `      capacity: ${capacity.journeys.toFixed(1)} journeys, ${capacity.calls.toFixed(1)} upstream calls per second, ${ledger.failures.length} refusals`,
);
// Callers without pauses may be refused. The requests that they created must still exist.
ledger.failures.length = 0;
await sleep(SETTLE_SECONDS * 1_000);
sandbox.child.send('faults');

const beganAt = performance.now();
const secondsIn = (): number => (performance.now() - beganAt) / 1_000;
const before = await ask<SandboxReport>(sandbox.child, 'report');
const journeysBefore = turns;
const timer = setInterval(() => run(journey()), 2_000 / capacity.journeys);
await sleep(WARM_UP_SECONDS * 1_000);
const warm = await ask<Measured>(gateway.child, 'measure');
/** Each step has a key, and `requestSignature` one more. */
const keysGiven = (): number =>
  4 * (ledger.done['requestSignature'] ?? 0) + 3 * (ledger.done['notifySigner'] ?? 0);
const keysBefore = keysGiven();
const samples = [warm];
while (secondsIn() < SECONDS) {
  await sleep(Math.min(15, SECONDS / 8) * 1_000);
  const sample = await ask<Measured>(gateway.child, 'measure');
  samples.push(sample);
  console.log(
    `      ${secondsIn().toFixed(0).padStart(4)} s  rss ${mib(sample.rss)}  heap ${mib(sample.heapUsed)}  handles ${total(sample.handles)}  errors ${ledger.failures.length}`,
  );
}
const loaded = await ask<SandboxReport>(sandbox.child, 'report');
const loadedSeconds = secondsIn();
const journeysPerSecond = (turns - journeysBefore) / loadedSeconds;
clearInterval(timer);
const drained = await Promise.race([
  Promise.all(running).then(() => true),
  sleep(DRAIN_SECONDS * 1_000, false, { ref: false }),
]);
await client.close();
await sleep(SETTLE_SECONDS * 1_000);
const after = await ask<Measured>(gateway.child, 'measure');
const report = await ask<SandboxReport>(sandbox.child, 'report');

const perSecond = (ofService(loaded.calls) - ofService(before.calls)) / loadedSeconds;
const isExplained = ({ code, from, until }: Failure): boolean =>
  EXPLICABLE.test(code) && report.faults.some(([begin, over]) => begin <= until && over >= from);
const unexplained = ledger.failures.filter((failure) => !isExplained(failure));
const made = new Set(report.requests.map(({ id }) => id));
const unknown = [...made].filter((id) => !ledger.requests.has(id));
const lost = [...ledger.requests].filter((id) => !made.has(id));
const unnotified = report.requests.filter(({ isNotified }) => !isNotified);
const heaps = samples.map(({ heapUsed }) => heapUsed);
const extraDossiers = report.dossiers.length - (report.calls['createDossier'] ?? 0);

console.log(`\nsoak of ${SECONDS} s`);
for (const [what, count] of Object.entries(ledger.done)) console.log(`      ${what.padEnd(30)} ${count}`);
console.log(
  `      per second, and of the capacity: journeys ${journeysPerSecond.toFixed(1)} of ${capacity.journeys.toFixed(1)}, upstream calls ${perSecond.toFixed(1)} of ${capacity.calls.toFixed(1)}`,
);
console.log(
  `      calls to service and storage, and those with a fault ${total(report.calls)}  ${total(report.faulty)}`,
);

for (const [code, count] of Object.entries(Object.groupBy(ledger.failures, ({ code }) => code)))
  console.log(`      refused: ${code.padEnd(21)} ${count?.length}`);

verdict('every journey succeeded', drained && ledger.lost.length === 0, ledger.lost.join(', '));
verdict(
  'every error of a caller is explained by a fault',
  unexplained.length === 0,
  `${ledger.failures.length} errors`,
  ...unexplained.slice(0, 10).map(({ what, code }) => `${what}: ${code}`),
);
verdict('no call exceeded the rate limit of the service', report.overLimit === 0, String(report.overLimit));
verdict('no contract violations', report.violations === 0, String(report.violations));
verdict('no request is lost', lost.length === 0, `${ledger.requests.size} created`, `${lost.length} lost`);
verdict(
  'no request is duplicated',
  unknown.length === 0 && ledger.doubled.length === 0,
  `${made.size} made`,
  `${unknown.length} that no caller created`,
);
verdict('every request was notified', unnotified.length === 0, `${unnotified.length} were not`);
verdict('no dossier is duplicated', extraDossiers <= 0, String(report.dossiers.length));
let broken = 0;
const differences = [...new Set([...Object.keys(after.sent), ...Object.keys(report.received)])].flatMap(
  (call) => {
    const missing = (after.sent[call] ?? 0) - (report.received[call] ?? 0);
    if (missing === 0) return [];
    const failures = after.failed[call] ?? [];
    broken += missing;
    if (missing > 0 && missing <= failures.filter((failure) => BROKEN.test(failure)).length) return [];
    return [`${call}: ${missing} more sent than received, ${failures.join(', ') || 'none failed'}`];
  },
);
verdict(
  'the sandbox received every call that was sent, and no other',
  differences.length === 0,
  `${total(after.sent)} sent`,
  `${broken} of connections that broke`,
  ...differences.slice(0, 10),
);
const keys = keysGiven() - keysBefore;
verdict(
  'the heap is flat, apart from the keys',
  after.heapUsed - warm.heapUsed < HEAP_GROWTH_MIB * MIB + keys * BYTES_PER_KEY,
  `${mib(warm.heapUsed)} → ${mib(after.heapUsed)}`,
  `${keys} keys`,
  `at most ${mib(Math.max(...heaps))}`,
);
verdict(
  'memory is flat',
  after.rss - warm.rss < RSS_GROWTH_MIB * MIB,
  `${mib(warm.rss)} → ${mib(after.rss)}`,
);
verdict(
  'no handles are left',
  total(after.handles) <= total(idle.handles) + TOLERATED_HANDLES,
  `${total(idle.handles)} → ${total(after.handles)}`,
  JSON.stringify(after.handles),
);
stopAll();
process.exit(hasFailed ? 1 : 0);
