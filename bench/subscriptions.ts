import { setTimeout as sleep } from 'node:timers/promises';
import { subscribe } from './event-client.ts';
import type { Shown } from './event-client.ts';
import type { Measured } from './gateway-process.ts';
import { ask, start, stopAll } from './processes.ts';

/*
 * Measures subscribers of `signatureRequestChanged` with the defaults of the gateway, on loopback; gateway, sandbox and clients
 * are separate processes. It prints the memory of the gateway, the upstream calls, and the time between a change in the sandbox
 * and the event at the client.
 *
 *   npm run bench:subscriptions                1,000 subscribers on 100 requests, then on one: about 6 minutes
 *   npm run bench:subscriptions -- 200 20      number of subscribers and of requests
 */
const [subscribers = 1_000, requests = 100] = process.argv.slice(2).map(Number);
const DEADLINE_MS = 10 * 60_000;
/** A fifth of the rate limit of the service, which is 150 calls in 5 seconds. */
const SHARE_PER_SECOND = 6;
/** Time until the pauses between polls have grown to their length while a citizen looks at the QR code. */
const SETTLE_MS = 100_000;
const QUIET_MS = 60_000;
const SIGNING_MS = 60_000;
const MIB = 1024 * 1024;

async function startWorld() {
  const { said: sandbox } = await start<{ origin: string }>('sandbox-process.ts');
  const { origin } = sandbox;
  // All subscribers are one caller, at one address.
  const settings = ['MAX_STREAMS_PER_CALLER=5000', 'RATE_LIMIT_PER_MINUTE=0'];
  const { child: gateway, said } = await start<{ url: string }>('gateway-process.ts', origin, ...settings);
  const { url } = said;
  const control = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${origin}/_sandbox/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    url,
    gateway,
    /** Requests that wait for their signature. */
    async seed(count: number): Promise<string[]> {
      const ids: string[] = [];
      while (ids.length < count) {
        const batch = Array.from({ length: Math.min(25, count - ids.length) }, () => ({
          status: 'WAIT_FOR_SIGNATURE',
        }));
        const seeded = (await control('seed', { requests: batch })) as { requests: { id: string }[] };
        ids.push(...seeded.requests.map(({ id }) => id));
      }
      return ids;
    },
    sign: (id: string) => control('citizen/sign', { id }),
    /** Times of upstream calls, in milliseconds since the epoch. */
    async calls(): Promise<number[]> {
      const response = await fetch(`${origin}/_sandbox/journal?method=GET`);
      const { entries } = (await response.json()) as { entries: { time: string }[] };
      return entries.map(({ time }) => Date.parse(time));
    },
    async notify(id: string): Promise<void> {
      const query = `mutation { notifySigner(input: { signatureRequestId: "${id}" }) { __typename } }`;
      const headers = { 'content-type': 'application/json' };
      await (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) })).text();
    },
  };
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;

/** Maximum number of calls in any five seconds, as the service counts them. */
function busiest(calls: readonly number[]): number {
  return Math.max(0, ...calls.map((from) => calls.filter((at) => at >= from && at < from + 5_000).length));
}

const between = (calls: readonly number[], from: number, until: number): number[] =>
  calls.filter((at) => at >= from && at < until);

function row(what: string, ...values: string[]): void {
  console.log(what.padEnd(72) + values.join('  '));
}
const ms = (value: number): string => `${Math.round(value).toLocaleString('en')} ms`;
const seconds = (value: number): string => `${(value / 1_000).toFixed(1)} s`;
const delayRow = (what: string, delays: readonly number[], unit: (value: number) => string): void =>
  row(
    what,
    `median ${unit(quantile(delays, 0.5))}`,
    `p99 ${unit(quantile(delays, 0.99))}`,
    `(${delays.length} events)`,
  );

async function manyRequests(): Promise<void> {
  const world = await startWorld();
  const ids = await world.seed(requests);
  await world.notify(ids[0] ?? ''); // compiles what the first request needs
  await sleep(2_000);
  const before = await ask<Measured>(world.gateway, 'measure');

  const signed: number[] = [];
  const notified: number[] = [];
  const notifiedAt = new Map<string, number>();
  const onEvent = ({ id, status, signedAt, notification }: Shown, at: number): void => {
    if (status === 'SIGNED' && signedAt !== null) signed.push(at - Date.parse(signedAt));
    const acted = notifiedAt.get(id);
    if (status === 'WAIT_FOR_SIGNATURE' && notification !== null && acted !== undefined)
      notified.push(at - acted);
  };
  const openedAt = Date.now();
  await Promise.all(
    Array.from({ length: subscribers }, (_, n) => subscribe(world.url, ids[n % requests] ?? '', onEvent)),
  );
  const openMs = Date.now() - openedAt;
  const atOpen = between(await world.calls(), openedAt, Date.now()).length;
  row(
    `${subscribers} subscribers on ${requests} requests have their first event after`,
    ms(openMs),
    `${atOpen} calls`,
  );

  await sleep(SETTLE_MS);
  const settled = await ask<Measured>(world.gateway, 'measure');
  row(
    'memory of the gateway, before and with them',
    `${(before.rss / MIB).toFixed(0)} → ${(settled.rss / MIB).toFixed(0)} MiB`,
    `heap ${((settled.heapUsed - before.heapUsed) / subscribers / 1_024).toFixed(1)} KiB each`,
  );

  const quietFrom = Date.now();
  await sleep(QUIET_MS);
  const quietUntil = Date.now();
  const used = await ask<Measured>(world.gateway, 'measure');
  const cpu = (used.cpu.user + used.cpu.system - settled.cpu.user - settled.cpu.system) / 1_000;
  row(
    'processor time of the gateway while nothing happens',
    `${((cpu / QUIET_MS) * 100).toFixed(1)} % of one core`,
  );

  const [toSign, toNotify] = [ids.slice(0, requests / 2), ids.slice(requests / 2)];
  for (const id of toSign) {
    await world.sign(id);
    await sleep(SIGNING_MS / toSign.length);
  }
  const all = toSign.length * (subscribers / requests);
  for (let waited = 0; signed.length < all && waited < 70_000; waited += 500) await sleep(500);
  delayRow('a citizen signs, in the sandbox → the event', signed, seconds);

  for (const id of toNotify) {
    notifiedAt.set(id, Date.now());
    await world.notify(id);
    await sleep(500);
  }
  for (let waited = 0; notified.length < all && waited < 10_000; waited += 500) await sleep(500);
  delayRow('the gateway notifies the citizen, from the mutation → the event', notified, ms);

  const calls = await world.calls();
  const perSecond = (from: number, until: number): string =>
    (between(calls, from, until).length / ((until - from) / 1_000)).toFixed(1);
  const settling = between(calls, openedAt + openMs, openedAt + openMs + SETTLE_MS);
  row(
    'upstream calls per second: at first, without changes',
    perSecond(openedAt + openMs, openedAt + openMs + SETTLE_MS),
    perSecond(quietFrom, quietUntil),
  );
  const most = busiest(settling.concat(between(calls, quietFrom, quietUntil)));
  row(
    'most calls in any 5 seconds, of 150 that are allowed',
    String(most),
    most <= SHARE_PER_SECOND * 5 ? 'pass' : 'FAIL',
  );
  if (most > SHARE_PER_SECOND * 5 || signed.length < all || notified.length < all) process.exitCode = 1;
  stopAll();
}

async function oneRequest(): Promise<void> {
  const world = await startWorld();
  const [id = ''] = await world.seed(1);
  const signed: number[] = [];
  const openedAt = Date.now();
  await Promise.all(
    Array.from({ length: subscribers }, () =>
      subscribe(
        world.url,
        id,
        ({ signedAt }, at) => void (signedAt !== null && signed.push(at - Date.parse(signedAt))),
      ),
    ),
  );
  const openUntil = Date.now();
  await sleep(30_000);
  const until = Date.now();
  await world.sign(id);
  for (let waited = 0; signed.length < subscribers && waited < 70_000; waited += 500) await sleep(500);
  const calls = await world.calls();
  row(
    `${subscribers} subscribers on one request: upstream calls for their first events, in the next 30 s`,
    String(between(calls, openedAt, openUntil).length),
    String(between(calls, openUntil, until).length),
  );
  row(
    'from the first to the last of them hears of the signature',
    ms(Math.max(...signed) - Math.min(...signed)),
  );
  if (signed.length < subscribers) process.exitCode = 1;
  stopAll();
}

setTimeout(() => {
  console.error(`Not done in ${DEADLINE_MS / 1000} s.`);
  process.exitCode = 1;
  stopAll();
  process.exit();
}, DEADLINE_MS).unref();

await manyRequests();
await oneRequest();
process.exit();
