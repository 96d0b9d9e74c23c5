import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { temporaryFile } from '../support/api-keys.ts';
import { callerAt } from '../support/caller.ts';
import { mutationOf } from '../support/operations.ts';
import { startRedis } from '../support/redis.ts';
import { config } from '../support/gateway-options.ts';
import { startGateway } from '../support/start-gateway.ts';
import { startMain } from '../support/start-main.ts';
import { endpointAt, ok, refuse, SECRET, startReceiver } from '../support/webhook-receiver.ts';
import type { ReceiverAnswer } from '../support/webhook-receiver.ts';

const READY = mutationOf('markReady', 'signatureRequest { status }');

/** Drafts whose documents are READY. */
async function draftsOf(sandbox: Sandbox, count: number): Promise<string[]> {
  const { requests } = await sandbox.seed({
    requests: Array.from({ length: count }, () => ({ status: 'DRAFT', documents: [{ status: 'READY' }] })),
  });
  return requests.map(({ id }) => id);
}

const markReady = (url: string, signatureRequestId: string) =>
  callerAt(url).ask(READY, { input: { signatureRequestId } });

/** Two gateways of one service that share a Redis and a receiver. */
async function startTwo(answer: ReceiverAnswer = ok) {
  const redis = await startRedis();
  const receiver = await startReceiver(answer);
  const options = {
    redisUrl: redis.url.href,
    watching: { pollsPerSecond: 10 },
    webhooks: {
      endpoints: [endpointAt(receiver.url)],
      pace: { leastMs: 300, mostMs: 600, leaseMs: 3_000 },
      times: { ...config.webhooks.times, pausesMs: [100], leaseMs: 3_000 },
    },
  };
  const one = await startGateway(options);
  const { sandbox } = one;
  const other = await startGateway({
    ...options,
    apiUrl: new URL(sandbox.url),
    storageHosts: [sandbox.origin],
  });
  return { redis, receiver, one, other, sandbox };
}

/** A gateway in its own process, in front of a running sandbox. */
async function startProcess(sandbox: Sandbox, redisUrl: URL, receiver: { readonly url: URL }) {
  const file = temporaryFile('webhooks.json', '');
  writeFileSync(file, JSON.stringify([{ url: receiver.url.href, secret: SECRET }]));
  return startMain({
    SANDBOX_URL: sandbox.url,
    REDIS_URL: redisUrl.href,
    WEBHOOKS_FILE: file,
    LOG_LEVEL: 'silent',
  });
}

test('of two gateways that watch the same requests, one delivers each event, in order', async () => {
  const { receiver, one, other, sandbox } = await startTwo((received, res, nth) =>
    nth % 5 === 0 ? refuse(500)(received, res, nth) : ok(received, res, nth),
  );
  const ids = await draftsOf(sandbox, 8);
  await Promise.all(ids.map((id, nth) => markReady(nth % 2 === 0 ? one.url : other.url, id)));
  for (const id of ids) await sandbox.citizen.sign(id);
  const typesOf = (key: string): string[] => [
    ...new Set(receiver.received.filter(({ event }) => event.data.id === key).map(({ event }) => event.type)),
  ];
  const expected = ['ready', 'wait_for_signature', 'signed'].map(
    (name) => `io.sign.signature_request.${name}`,
  );
  await expect.poll(() => ids.map(typesOf)).toEqual(ids.map(() => expected));
  // Only refused events arrive twice.
  const refused = Math.floor(receiver.received.length / 5);
  await expect.poll(() => receiver.received.length - Math.floor(receiver.received.length / 5)).toBe(24);
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(24);
  expect(refused).toBeGreaterThan(3);
});

test('the events of twelve requests marked READY at the same time all reach a slow receiver', async () => {
  const { receiver, one, other, sandbox } = await startTwo((received, res, nth) =>
    setTimeout(() => ok(received, res, nth), 500),
  );
  await other.close(); // otherwise it would deliver events that the first one has stalled on
  const ids = await draftsOf(sandbox, 12);
  await Promise.all(ids.map((id) => markReady(one.url, id)));
  await expect.poll(() => ids.map(receiver.typesOf)).toEqual(ids.map(() => ['ready', 'wait_for_signature']));
});

test('undelivered events of a killed gateway arrive after its restart, in order', async () => {
  const redis = await startRedis();
  let isDown = true;
  const receiver = await startReceiver((received, res, nth) =>
    isDown ? refuse(503)(received, res, nth) : ok(received, res, nth),
  );
  const { sandbox } = await startGateway();
  const doomed = await startProcess(sandbox, redis.url, receiver);
  const [id = ''] = await draftsOf(sandbox, 1);
  expect((await markReady(doomed.url, id)).status).toBe(200);
  await expect.poll(receiver.types).toEqual(['ready']);
  await doomed.kill();
  await sandbox.citizen.sign(id);
  isDown = false;
  await startProcess(sandbox, redis.url, receiver);
  await expect.poll(receiver.types).toEqual(['ready', 'ready', 'wait_for_signature', 'signed']);
  const [first, second] = receiver.received;
  expect(second?.id).toBe(first?.id);
  expect(second?.body).toBe(first?.body);
});

test('when a gateway is killed while it marks a request READY, another one reports it', async () => {
  const redis = await startRedis();
  const receiver = await startReceiver();
  const { sandbox, run } = await startGateway();
  const doomed = await startProcess(sandbox, redis.url, receiver);
  const other = await startProcess(sandbox, redis.url, receiver);
  expect(other.url).not.toBe(doomed.url);
  const [id = ''] = await draftsOf(sandbox, 1);
  sandbox.faults.add({ kind: 'slow-body', ms: 60_000, operation: 'setSignatureRequestStatus', count: 1 });
  const first = markReady(doomed.url, id).catch(() => 'cut off');
  const status = async () => (await run(`{ signatureRequest(id: "${id}") { status } }`)).data;
  await expect.poll(status).not.toMatchObject({ signatureRequest: { status: 'DRAFT' } });
  await doomed.kill();
  expect(await first).toBe('cut off');
  await expect.poll(() => receiver.types().at(-1)).toBe('wait_for_signature');
});

test('without Redis a request is still marked READY, and webhooks resume when Redis is back', async () => {
  const { redis, receiver, one, sandbox } = await startTwo();
  const [before = '', during = '', after = ''] = await draftsOf(sandbox, 3);
  await markReady(one.url, before);
  await expect.poll(receiver.types).toEqual(['ready', 'wait_for_signature']);
  await redis.kill();
  expect((await markReady(one.url, during)).body).toMatchObject({
    data: { markReady: { signatureRequest: { status: 'WAIT_FOR_SIGNATURE' } } },
  });
  await sandbox.citizen.sign(before);
  await redis.start();
  await expect.poll(receiver.types).toEqual(['ready', 'wait_for_signature', 'signed']);
  await markReady(one.url, after);
  await markReady(one.url, during);
  const reported = () => new Set(receiver.received.map(({ event }) => event.data.id));
  await expect.poll(reported).toEqual(new Set([before, during, after]));
});

test('stored data contains no personal data, no URL and no secret', async () => {
  const { redis, receiver, one, sandbox } = await startTwo(refuse(500));
  const [id = ''] = await draftsOf(sandbox, 1);
  await markReady(one.url, id);
  await expect.poll(() => receiver.received.length).toBeGreaterThan(1);
  const { client } = redis;
  const texts: string[] = [];
  for (const name of await client.keys('sigillo:{webhooks*')) {
    const isHash = (await client.type(name)) === 'hash';
    texts.push(
      name,
      JSON.stringify(isHash ? await client.hgetall(name) : await client.zrange(name, '0', '-1')),
    );
  }
  const text = texts.join('\n');
  expect(text).toContain(id);
  expect(text).not.toMatch(/path-that-is-secret|hush|127\.0\.0\.1|whsec|[A-Z]{6}\d\d[A-Z]\d\d|https?:|title/);
  expect(text).not.toContain(SECRET.slice(6));
});
