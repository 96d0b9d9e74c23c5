import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createEvents } from '../../src/observability/events.ts';
import { config } from '../support/gateway-options.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { draftOf } from '../support/draft.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { scrape, valueOf } from '../support/scrape.ts';
import { startGateway } from '../support/start-gateway.ts';
import { endpointAt, refuse, SECRET, startReceiver } from '../support/webhook-receiver.ts';
import type { ReceiverAnswer } from '../support/webhook-receiver.ts';

const PACE = { leastMs: 20, mostMs: 100 };
const WATCHING = { pollsPerSecond: 100 };

/** A gateway with one receiver, its log and its delivery outcomes. */
async function start(answer?: ReceiverAnswer, overrides: GatewayOverrides = {}, pace = PACE) {
  const receiver = await startReceiver(answer);
  const lines: string[] = [];
  const outcomes: string[] = [];
  const events = createEvents();
  events.on('webhook', ({ outcome }) => outcomes.push(outcome));
  const gateway = await startGateway({
    webhooks: {
      endpoints: [endpointAt(receiver.url)],
      pace,
      times: { ...config.webhooks.times, pausesMs: [20] },
    },
    watching: WATCHING,
    events,
    logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    ...overrides,
  });
  const { run, upload } = gateway;
  return {
    ...gateway,
    receiver,
    lines,
    outcomes,
    /** Creates a request and marks it READY through the gateway. */
    async markedReady(): Promise<string> {
      const [target] = await draftOf(gateway);
      await upload(mutationOf('uploadDocument'), { input: { ...target, file: null } }, await makePdf());
      const { signatureRequestId } = target;
      const { data } = await run(mutationOf('markReady', 'signatureRequest { id }'), {
        input: { signatureRequestId },
      });
      expect(data['markReady']?.['signatureRequest']).toMatchObject({ id: signatureRequestId });
      return signatureRequestId;
    },
  };
}

test('the events of a request marked READY are delivered in order, once each, until it is signed', async () => {
  const { receiver, markedReady, run, sandbox, outcomes, lines } = await start();
  const id = await markedReady();
  await run(mutationOf('notifySigner'), { input: { signatureRequestId: id } });
  await sandbox.citizen.sign(id);
  const types = ['ready', 'wait_for_signature', 'notification.sent', 'signed'];
  await expect.poll(receiver.types).toEqual(types);
  expect(receiver.wrong).toEqual([]);
  const { received, calls } = receiver;
  const { dossierId, signerId, documents } = received[0]?.event.data ?? {};
  expect([dossierId, documents?.[0]?.id]).toEqual([
    expect.stringMatching(/^\w{26}$/),
    expect.stringMatching(/^\w{26}$/),
  ]);
  const statuses = ['READY', 'WAIT_FOR_SIGNATURE', 'WAIT_FOR_SIGNATURE', 'SIGNED'];
  // The whole body: it contains no title, no URL and no fiscal code.
  expect(received.map(({ event }) => event)).toEqual(
    types.map((type, nth) => ({
      type: `io.sign.signature_request.${type}`,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: {
        id,
        dossierId,
        signerId,
        status: statuses[nth],
        documents: [{ id: documents?.[0]?.id, status: 'READY' }],
      },
    })),
  );
  expect(new Set(received.map((one) => one.id)).size).toBe(types.length);
  for (const { method, path, headers } of calls) {
    expect([method, path]).toEqual(['POST', '/hooks/path-that-is-secret?token=hush']);
    expect(headers['content-type']).toBe('application/json');
    expect(headers['user-agent']).toMatch(/^sigillo\//);
  }
  await expect.poll(() => outcomes).toEqual(types.map(() => 'delivered'));
  const delivered = lines.filter((line) => line.includes('webhook'));
  expect(delivered).toHaveLength(types.length);
  expect(JSON.parse(delivered[0] ?? '')).toMatchObject({
    webhook: 1,
    host: receiver.url.host,
    webhookId: received[0]?.id,
    type: 'io.sign.signature_request.ready',
    attempt: 1,
    status: 204,
  });
  expect(lines.join('')).not.toMatch(/path-that-is-secret|hush|whsec|SPNDNL80R13C555X/);
  expect(lines.join('')).not.toContain(SECRET.slice(6));
});

test('a cancellation is reported at once, and the request is no longer read', async () => {
  // So slow that only reads and writes of the gateway itself are reported in time.
  const pace = { leastMs: 60_000, mostMs: 60_000 };
  const { receiver, markedReady, run, sandbox } = await start(undefined, {}, pace);
  const id = await markedReady();
  await run(mutationOf('cancelSignatureRequest'), { input: { signatureRequestId: id } });
  await expect.poll(receiver.types).toEqual(['ready', 'wait_for_signature', 'cancelled']);
  expect(receiver.received.at(-1)?.event.data.status).toBe('CANCELLED');
  const reads = sandbox.journal.entries({ operationId: 'getSignatureRequest' }).length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(sandbox.journal.entries({ operationId: 'getSignatureRequest' })).toHaveLength(reads);
});

test('a request marked READY elsewhere is watched once this gateway marks it, and no other request is', async () => {
  const { receiver, sandbox, run } = await start();
  const { requests } = await sandbox.seed({
    requests: [{ status: 'WAIT_FOR_SIGNATURE' }, { status: 'WAIT_FOR_SIGNATURE' }],
  });
  const [one, other] = requests.map(({ id }) => id);
  if (one === undefined || other === undefined) throw new TypeError('no requests');
  await run(`{ signatureRequest(id: "${other}") { status } }`);
  for (let nth = 0; nth < 2; nth += 1)
    await run(mutationOf('markReady'), { input: { signatureRequestId: one } });
  await sandbox.citizen.sign(other);
  await sandbox.citizen.sign(one);
  await expect.poll(receiver.types).toEqual(['wait_for_signature', 'signed']);
  expect(new Set(receiver.received.map(({ event }) => event.data.id))).toEqual(new Set([one]));
});

test('events during an outage of the service, or after an unanswered call, are reported later', async () => {
  const { receiver, sandbox, run, upload } = await start();
  const [target] = await draftOf({ run });
  await upload(mutationOf('uploadDocument'), { input: { ...target, file: null } }, await makePdf());
  sandbox.faults.add({ kind: 'reset', when: 'after', operation: 'setSignatureRequestStatus', count: 1 });
  const { signatureRequestId } = target;
  await run(mutationOf('markReady'), { input: { signatureRequestId } });
  sandbox.faults.add({ kind: 'status', status: 500, operation: 'getSignatureRequest', count: 6 });
  await sandbox.citizen.sign(signatureRequestId);
  await expect.poll(receiver.types).toContain('signed');
  expect(sandbox.faults.list()).toEqual([]); // each fault has been used up
});

test('a refused event is retried with the same id, and the events after it wait', async () => {
  const { receiver, markedReady, outcomes, lines } = await start((received, res, nth) =>
    nth <= 3 ? refuse(503)(received, res, nth) : void res.writeHead(200).end('thanks'),
  );
  const id = await markedReady();
  await expect.poll(receiver.types).toEqual(['ready', 'ready', 'ready', 'ready', 'wait_for_signature']);
  const first = receiver.received.slice(0, 4);
  expect(new Set(first.map((one) => one.id)).size).toBe(1);
  expect(new Set(first.map(({ body }) => body)).size).toBe(1);
  expect(first[0]?.event.data.id).toBe(id);
  await expect.poll(() => outcomes).toEqual(['failed', 'failed', 'failed', 'delivered', 'delivered']);
  expect(
    lines.filter((line) => line.includes('webhook not delivered')).map((line) => JSON.parse(line)),
  ).toEqual(
    [1, 2, 3].map((attempt) => expect.objectContaining({ attempt, reason: '503', retryInSeconds: 0 })),
  );
  expect(lines.join('')).not.toContain('private reason');
});

test('metrics count attempts and undelivered events', async () => {
  const { markedReady, metricsUrl, outcomes } = await start(refuse(500), {
    metrics: { host: '127.0.0.1', port: 0 },
  });
  const valueNow = async (name: string, labels = {}) => valueOf(await scrape(metricsUrl), name, labels);
  expect(await valueNow('sigillo_webhooks_queued')).toBe(0);
  await markedReady();
  await expect.poll(() => outcomes.length).toBeGreaterThan(2);
  expect(await valueNow('sigillo_webhooks_queued')).toBe(1);
  expect(await valueNow('sigillo_webhook_deliveries_total', { outcome: 'failed' })).toBeGreaterThan(2);
});

test('a slow receiver delays no operation, and a running attempt may end during shutdown', async () => {
  const answered = Promise.withResolvers<void>();
  const world = await start((_, res) => void answered.promise.then(() => res.writeHead(200).end()));
  await world.markedReady();
  await expect.poll(world.receiver.types).toEqual(['ready']);
  const closed = world.close();
  answered.resolve();
  await closed;
  expect(world.outcomes).toEqual(['delivered']);
  expect(world.receiver.types()).toEqual(['ready']);
  // Without Redis the next event is lost, which is logged.
  expect(world.lines.at(-1)).toContain('"lost":1');
});

test('the events of twelve requests marked READY at the same time all reach a slow receiver', async () => {
  const isDueSeen = Promise.withResolvers<void>();
  const { receiver, sandbox, run, metricsUrl } = await start(
    (_, res) => void isDueSeen.promise.then(() => setTimeout(() => res.writeHead(204).end(), 500)),
    { metrics: { host: '127.0.0.1', port: 0 } },
  );
  const { requests } = await sandbox.seed({
    requests: Array.from({ length: 12 }, () => ({ status: 'DRAFT', documents: [{ status: 'READY' }] })),
  });
  const oldestDue = async () =>
    valueOf(await scrape(metricsUrl), 'sigillo_queue_oldest_due_seconds', { queue: 'webhooks' });
  const marked = requests.map(({ id }) =>
    run(mutationOf('markReady'), { input: { signatureRequestId: id } }),
  );
  await expect.poll(oldestDue).toBeGreaterThan(0);
  isDueSeen.resolve();
  await Promise.all(marked);
  const delivered = () => requests.map(({ id }) => receiver.typesOf(id));
  const expected = requests.map(() => ['ready', 'wait_for_signature']);
  await expect.poll(delivered).toEqual(expected);
  await expect.poll(oldestDue).toBe(0);
});

test('shutdown waits for a receiver no longer than the grace period', async () => {
  const world = await start(() => {}, { stopTimes: { graceMs: 100 } });
  await world.markedReady();
  await expect.poll(world.receiver.types).toEqual(['ready']);
  const before = performance.now();
  await world.close();
  expect(performance.now() - before).toBeLessThan(5_000);
});
