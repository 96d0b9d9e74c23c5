import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { createEvents } from '../../../src/observability/events.ts';
import { Deliveries, pauseAfter, PAUSES_MS } from '../../../src/webhooks/deliveries.ts';
import { MemoryWebhookStore } from '../../../src/webhooks/webhook-store.ts';
import { writeMessage } from '../../../src/webhooks/messages.ts';
import { WebhookSender } from '../../../src/webhooks/send.ts';
import {
  endpointAt,
  ok,
  OTHER_SECRET,
  refuse,
  SECRET,
  startReceiver,
} from '../../support/webhook-receiver.ts';
import type { ReceiverAnswer } from '../../support/webhook-receiver.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';

const HOUR_MS = 60 * 60_000;

/** Deliveries to a receiver, with a manual clock. */
async function start(answer: ReceiverAnswer = ok, { timeoutMs = 15_000, secrets = [SECRET] } = {}) {
  const receiver = await startReceiver(answer);
  // Receivers refuse a timestamp that is minutes away from their clock.
  const startedAt = Date.now();
  let movedMs = 0;
  const now = (): number => startedAt + movedMs;
  const store = new MemoryWebhookStore({ now });
  const sender = new WebhookSender({ proxyFor: NO_PROXY, timeoutMs, now: Date.now });
  const events = createEvents();
  const outcomes: [string, number][] = [];
  events.on('webhook', ({ outcome, attempt }) => outcomes.push([outcome, attempt]));
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const endpoint = {
    ...endpointAt(receiver.url),
    secrets: endpointAt(receiver.url, { secret: secrets[0] ?? SECRET }).secrets,
  };
  const failures: unknown[] = [];
  const deliveries = new Deliveries({
    ...loadConfig({}).webhooks.times,
    endpoint,
    store,
    sender,
    events,
    logger,
    now,
    onStore: (failure) => void (failure !== undefined && failures.push(failure)),
  });
  onTestFinished(async () => {
    deliveries.stop();
    deliveries.abort();
    await deliveries.ended();
    await sender.close();
    expect(failures).toEqual([]);
    expect(lines.join('')).not.toMatch(/path-that-is-secret|hush|private reason/);
  });
  let made = 0;
  return {
    receiver,
    deliveries,
    store,
    endpoint,
    outcomes,
    lines,
    /** Queues events of these types for a request. */
    async queue(key: string, ...types: string[]): Promise<void> {
      const record = await store.watch(key, `record ${(made += 1)}`, HOUR_MS);
      const messages = types.map((type) =>
        writeMessage({
          id: `msg_${key}_${type}`,
          type,
          body: JSON.stringify({ type, timestamp: new Date(now()).toISOString(), data: { id: key } }),
          at: now(),
          attempts: 0,
        }),
      );
      await store.change(key, {
        from: record ?? '',
        to: `record ${made}`,
        dueInMs: HOUR_MS,
        endpoints: [endpoint.id],
        messages,
      });
      deliveries.wake();
    },
    move(ms: number): void {
      movedMs += ms;
      deliveries.wake();
    },
    /** Waits until this many attempts have ended. */
    attempts: (count: number) => expect.poll(() => outcomes).toHaveLength(count),
  };
}

test('pauses grow from seconds to hours, with a jitter of 20 %', () => {
  const all = (random: () => number) => [1, 2, 3, 4, 5, 6, 7, 20].map((nth) => pauseAfter(nth, { random }));
  const seconds = [5, 30, 120, 600, 3_600, 10_800, 10_800, 10_800];
  expect(all(() => 0.5)).toEqual(seconds.map((s) => s * 1_000));
  expect(all(() => 0)).toEqual(seconds.map((s) => s * 800));
  expect(all(() => 1)).toEqual(seconds.map((s) => s * 1_200));
  // A Retry-After counts up to an hour.
  expect(pauseAfter(1, { retryAfterMs: 60_000 })).toBe(60_000);
  expect(pauseAfter(1, { retryAfterMs: 5 * HOUR_MS })).toBe(HOUR_MS);
});

test('a failed attempt is retried after each pause with the same id, and given up after a day', async () => {
  const { receiver, queue, move, attempts, outcomes, lines, store, endpoint } = await start(refuse(500));
  await queue('a', 'ready');
  await attempts(1);
  let made = 1;
  let passedMs = 0;
  for (let nth = 0; outcomes.at(-1)?.[0] !== 'given-up'; nth += 1) {
    const pauseMs = PAUSES_MS[Math.min(nth, PAUSES_MS.length - 1)] ?? 0;
    await expect.poll(() => store.countQueued(endpoint.id)).toBe(1);
    move(pauseMs * 0.79);
    await setImmediate();
    expect(receiver.received).toHaveLength(made);
    move(pauseMs * 0.42);
    passedMs += pauseMs * 1.21;
    made += 1;
    await expect.poll(() => receiver.received.length).toBe(made);
    await expect.poll(() => outcomes.length).toBeGreaterThanOrEqual(made);
    await setImmediate();
  }
  expect(passedMs).toBeGreaterThan(20 * HOUR_MS);
  expect(passedMs).toBeLessThan(24 * HOUR_MS);
  expect(new Set(receiver.received.map(({ id }) => id))).toEqual(new Set(['msg_a_ready']));
  expect(outcomes.map(([outcome]) => outcome)).toEqual([...Array(made).fill('failed'), 'given-up']);
  expect(await store.countQueued(endpoint.id)).toBe(0);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    level: 50,
    msg: 'webhook given up',
    webhookId: 'msg_a_ready',
    attempt: made,
    reason: '500',
  });
});

test('the events of a request are delivered in order, and do not wait for those of another', async () => {
  const isDown = { value: true };
  const { receiver, queue, move, attempts } = await start((received, res, nth) =>
    isDown.value && received.event.data.id === 'a' ? refuse(502)(received, res, nth) : ok(received, res, nth),
  );
  await queue('a', 'ready', 'wait_for_signature', 'signed');
  await queue('b', 'ready', 'signed');
  const seenOf = (key: string) =>
    receiver.received.filter(({ event }) => event.data.id === key).map(({ event }) => event.type);
  await attempts(3);
  expect(seenOf('b')).toEqual(['ready', 'signed']);
  move(7_000);
  await attempts(4);
  expect(seenOf('a')).toEqual(['ready', 'ready']);
  isDown.value = false;
  move(40_000);
  await attempts(7);
  expect(seenOf('a')).toEqual(['ready', 'ready', 'ready', 'wait_for_signature', 'signed']);
});

test('each attempt has its own timestamp and signature', async () => {
  const { receiver, queue, move, attempts } = await start((received, res, nth) =>
    nth === 1 ? refuse(500)(received, res, nth) : ok(received, res, nth),
  );
  await queue('a', 'ready');
  await attempts(1);
  await expect
    .poll(() => Math.floor(Date.now() / 1000))
    .toBeGreaterThan(receiver.received[0]?.timestamp ?? 0);
  move(7_000);
  await attempts(2);
  const [first, second] = receiver.received;
  expect(second?.body).toBe(first?.body);
  expect(second?.timestamp).toBeGreaterThan(first?.timestamp ?? 0);
  const [one, other] = receiver.calls.map(({ headers }) => headers['webhook-signature']);
  expect(one).not.toBe(other);
});

test('an attempt at a hanging receiver times out, with or without a partial response', async () => {
  const { queue, attempts, outcomes, lines } = await start(
    (received, res) => {
      if (received.event.data.id === 'b') res.write('half');
    },
    { timeoutMs: 200 },
  );
  await queue('a', 'ready');
  await queue('b', 'ready');
  await attempts(2);
  // The status of b had arrived, and was a success.
  expect(outcomes.toSorted()).toEqual([
    ['delivered', 1],
    ['failed', 1],
  ]);
  expect(lines.some((line) => line.includes('"reason":"timeout"'))).toBe(true);
});

test('an endless response body is not read to its end', async () => {
  const { receiver, queue, attempts, outcomes } = await start((_, res) => {
    res.writeHead(200);
    const write = (): void => {
      while (res.write(Buffer.alloc(65_536)));
      res.once('drain', write);
    };
    write();
  });
  await queue('a', 'ready');
  await attempts(1);
  expect(outcomes).toEqual([['delivered', 1]]);
  await expect.poll(() => receiver.sockets.size).toBe(0);
});

test('a redirect is not followed', async () => {
  const elsewhere = await startReceiver();
  const { queue, attempts, outcomes, lines } = await start((_, res) => {
    res.writeHead(307, { location: elsewhere.url.href }).end();
  });
  await queue('a', 'ready');
  await attempts(1);
  expect(outcomes).toEqual([['failed', 1]]);
  expect(lines.at(-1)).toContain('"reason":"307"');
  expect(elsewhere.calls).toEqual([]);
});

test('a connection that fails or is interrupted is retried', async () => {
  const { receiver, queue, attempts, lines, move } = await start((_, res) => void res.destroy());
  await queue('a', 'ready');
  await attempts(1);
  expect(lines.at(-1)).toContain('"reason":"UND_ERR_SOCKET"');
  await receiver.stop();
  move(7_000);
  await attempts(2);
  await expect.poll(() => lines.at(-1)).toContain('"reason":"ECONNREFUSED"');
});

test.each([
  ['60', 60_000],
  // At most an hour.
  ['9999999999', HOUR_MS],
  ['9'.repeat(30), HOUR_MS],
  ['Tue, 19 Jan 2038 03:14:07 GMT', HOUR_MS],
])('Retry-After: %s delays the next attempt', async (value, pauseMs) => {
  const { receiver, queue, attempts, lines, move } = await start(refuse(429, { 'retry-after': value }));
  await queue('a', 'ready');
  await attempts(1);
  expect(lines.at(-1)).toContain(`"retryInSeconds":${pauseMs / 1_000}`);
  move(pauseMs - 1_000);
  await setImmediate();
  expect(receiver.received).toHaveLength(1);
  move(1_001);
  await attempts(2);
});

test('a receiver that answers 410 gets no further events', async () => {
  const { receiver, queue, attempts, move, deliveries, lines } = await start(refuse(410));
  await queue('a', 'ready', 'signed');
  await attempts(1);
  expect(deliveries.isDisabled).toBe(true);
  await queue('b', 'ready');
  move(2 * HOUR_MS);
  await setImmediate();
  expect(receiver.received).toHaveLength(1);
  expect(lines.filter((line) => line.includes('disabled until a restart'))).toHaveLength(1);
});

test('an unreadable message is given up, and the messages behind it are sent', async () => {
  const { receiver, queue, attempts, outcomes, store, endpoint, deliveries, lines } = await start();
  await store.watch('a', 'record', HOUR_MS);
  const change = { from: 'record', to: 'record', dueInMs: HOUR_MS, endpoints: [endpoint.id] };
  await store.change('a', { ...change, messages: ['{', '{}', 'null'] });
  await queue('b', 'ready');
  await store.change('a', { ...change, to: undefined, messages: [] });
  await queue('a', 'ready');
  await attempts(5);
  deliveries.stop();
  await deliveries.ended();
  expect(receiver.received.map(({ id }) => id).toSorted()).toEqual(['msg_a_ready', 'msg_b_ready']);
  expect(outcomes.filter(([outcome]) => outcome === 'given-up')).toHaveLength(3);
  expect(await store.countQueued(endpoint.id)).toBe(0);
  expect(lines.filter((line) => line.includes('not readable'))).toHaveLength(3);
});

test('at most four attempts run at an endpoint', async () => {
  let running = 0;
  let most = 0;
  const { queue, attempts } = await start((_, res) => {
    most = Math.max(most, (running += 1));
    setTimeout(() => {
      running -= 1;
      res.end();
    }, 20);
  });
  await Promise.all(Array.from({ length: 20 }, (_, nth) => queue(`request ${nth}`, 'ready')));
  await attempts(20);
  expect(most).toBe(4);
});

test('a signature with the wrong secret is refused by the receiver, and retried', async () => {
  const { receiver, queue, attempts } = await start(ok, { secrets: [OTHER_SECRET] });
  await queue('a', 'ready');
  await attempts(1);
  expect(receiver.wrong).toEqual([expect.objectContaining({ message: 'No matching signature found' })]);
});
