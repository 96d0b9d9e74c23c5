import { expect, test } from 'vitest';
import { draftOf } from '../support/draft.ts';
import { openStream, statusIn, SUBSCRIPTION } from '../support/event-stream.ts';
import { sendJson } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { refuses, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const START = new Date('2026-03-05T09:00:00Z');
const COMPLETE = { isComment: false, event: 'complete' };
/** A valid id that does not exist. */
const UNKNOWN_ID = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
/** Frequent polls, for short tests. */
const QUICK = { pace: { freshMs: 50, quietMs: 50, idleMs: 50 }, pollsPerSecond: 100 };

type World = Awaited<ReturnType<typeof startGateway>>;

const seedRequest = async ({ sandbox }: Pick<World, 'sandbox'>, request: object): Promise<string> =>
  (await sandbox.seed({ requests: [request] })).requests[0]?.id ?? '';
const subscribe = (url: string, id: string, headers: Readonly<Record<string, string>> = {}) =>
  openStream(url, { query: SUBSCRIPTION, variables: { id }, headers });

test('a stream begins with the current state, and has an event for each step until the signature', async () => {
  const world = await startGateway({}, { frozenAt: START });
  const { sandbox, url, run, upload } = world;
  const [target] = await draftOf(world);
  const id = target.signatureRequestId;
  const { response, nextData, nextEvent, rest } = await subscribe(url, id);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const event = (change: object) => ({
    data: {
      signatureRequestChanged: {
        id,
        status: 'DRAFT',
        qrCode: null,
        notification: null,
        documents: [{ status: 'READY', rejectReasons: [], downloadUrl: null }],
        ...change,
      },
    },
  });
  expect(await nextEvent()).toEqual({
    isComment: false,
    event: 'next',
    data: event({ documents: [{ status: 'WAIT_FOR_UPLOAD', rejectReasons: [], downloadUrl: null }] }),
  });

  const file = new Uint8Array(await makePdf());
  await upload(mutationOf('uploadDocument'), { input: { ...target, file: null, waitSeconds: 0 } }, file);
  await sandbox.clock.advance(10_000);
  expect(await nextData()).toEqual(event({}));

  const input = { signatureRequestId: id, waitSeconds: 0 };
  await run(mutationOf('markReady'), { input });
  expect(await nextData()).toEqual(event({ status: 'READY' }));
  await sandbox.clock.advance(15_000);
  const qrCode = { link: `https://continua.io.pagopa.it/open?feat=firma&srid=${id}` };
  const waiting = { status: 'WAIT_FOR_SIGNATURE', qrCode };
  expect(await nextData()).toEqual(event(waiting));

  await run(mutationOf('notifySigner'), { input });
  const notification = { ioMessageId: expect.stringMatching(/^\w{26}$/) };
  expect(await nextData()).toEqual(event({ ...waiting, notification }));

  sandbox.citizen.sign(id);
  await sandbox.clock.advance(3 * 60_000);
  const downloadUrl = expect.stringContaining('sig=');
  const documents = [{ status: 'READY', rejectReasons: [], downloadUrl }];
  expect(await rest()).toEqual([
    { isComment: false, event: 'next', data: event({ status: 'SIGNED', notification, documents }) },
    COMPLETE,
  ]);
});

test('a rejected document is an event with the reasons, and an accepted replacement is another', async () => {
  const world = await startGateway({}, { frozenAt: START });
  const [target] = await draftOf(world, 1, { page: 7 });
  const { nextData, leave } = await subscribe(world.url, target.signatureRequestId);
  await nextData();
  const upload = async (pdf: Buffer): Promise<void> => {
    const input = { ...target, file: null, waitSeconds: 0 };
    await world.upload(mutationOf('uploadDocument'), { input }, new Uint8Array(pdf));
    await world.sandbox.clock.advance(10_000);
  };
  const documents = async () => (await nextData())?.['data']?.['signatureRequestChanged']?.['documents']?.[0];
  await upload(await makePdf());
  expect(await documents()).toMatchObject({
    status: 'REJECTED',
    rejectReasons: [expect.stringContaining('unable to find page 7')],
  });
  await upload(await makePdf({ pages: 8 }));
  expect(await documents()).toMatchObject({ status: 'READY', rejectReasons: [] });
  leave();
});

test('a cancellation completes the stream', async () => {
  const world = await startGateway({}, { frozenAt: START });
  const id = await seedRequest(world, { status: 'WAIT_FOR_SIGNATURE' });
  const { nextData, rest } = await subscribe(world.url, id);
  expect(statusIn(await nextData())).toBe('WAIT_FOR_SIGNATURE');
  await world.run(mutationOf('cancelSignatureRequest'), { input: { signatureRequestId: id } });
  const [last, complete, ...more] = await rest();
  expect([statusIn(last?.data), complete, more]).toEqual(['CANCELLED', COMPLETE, []]);
});

test.each(['SIGNED', 'REJECTED', 'CANCELLED'])(
  'a request that is already %s is one event, from one read, and completes the stream',
  async (status) => {
    const world = await startGateway();
    const id = await seedRequest(world, { status });
    const [only, complete, ...more] = await (await subscribe(world.url, id)).rest();
    expect([statusIn(only?.data), complete, more]).toEqual([status, COMPLETE, []]);
    expect(world.sandbox.journal.entries({ operationId: 'getSignatureRequest' })).toHaveLength(1);
  },
);

const NOT_FOUND = {
  errors: [
    {
      message: 'No signature request has this id.',
      locations: [{ line: 1, column: 27 }],
      path: ['signatureRequestChanged'],
      extensions: { code: 'NOT_FOUND' },
    },
  ],
};

test('a request that does not exist is one error, as an event or as JSON according to Accept, from one read', async () => {
  const { url, sandbox } = await startGateway();
  const events = await subscribe(url, UNKNOWN_ID, { accept: 'text/event-stream' });
  expect(await events.rest()).toEqual([{ isComment: false, event: 'next', data: NOT_FOUND }, COMPLETE]);
  expect(Object.fromEntries(events.response.headers)).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
  });
  expect(events.response.headers.has('content-encoding')).toBe(false);
  const { response } = await subscribe(url, UNKNOWN_ID);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(sandbox.journal.entries()).toHaveLength(2);
});

test('a thousand subscribers of a request share its polls, and all receive the change', async () => {
  const { url, sandbox, ...world } = await startGateway({
    streams: { maxStreamsPerCaller: 1_000 },
    watching: { pace: { freshMs: 500, quietMs: 500, idleMs: 500 } },
  });
  const id = await seedRequest({ sandbox, ...world }, { status: 'WAIT_FOR_SIGNATURE' });
  const reads = () => sandbox.journal.entries({ operationId: 'getSignatureRequest' });
  const pollsSince = (start: number): number => Math.ceil((performance.now() - start) / 500);
  const start = performance.now();
  const streams = await Promise.all(Array.from({ length: 1_000 }, () => subscribe(url, id)));
  for (const { nextData } of streams) expect(statusIn(await nextData())).toBe('WAIT_FOR_SIGNATURE');
  const before = reads().length;
  expect(before).toBeLessThanOrEqual(pollsSince(start) + 10); // the first reads are shared too
  const since = performance.now();
  sandbox.citizen.sign(id);
  const last = await Promise.all(streams.map(({ rest }) => rest()));
  expect(last.map(([event]) => statusIn(event?.data))).toEqual(Array.from(streams, () => 'SIGNED'));
  const polls = reads().length - before;
  expect(polls).toBeGreaterThan(0);
  expect(polls).toBeLessThanOrEqual(pollsSince(since) + 1);
});

test('polls end when the last subscriber leaves', async () => {
  const world = await startFailingGateway({ watching: QUICK });
  const id = await seedRequest(world, { status: 'WAIT_FOR_SIGNATURE' });
  const [first, second] = [await subscribe(world.url, id), await subscribe(world.url, id)];
  await Promise.all([first.nextData(), second.nextData()]);
  first.leave();
  const seen = world.calls.length;
  await expect.poll(() => world.calls.length).toBeGreaterThan(seen + 3);
  second.leave();
  const ended = async (): Promise<boolean> => {
    const before = world.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return world.calls.length === before;
  };
  await expect.poll(ended).toBe(true);
  expect(world.logs.lines().filter(({ level }) => Number(level) > 30)).toEqual([]);
});

test('temporary failures are not reported; a permanent one is an event and completes the stream', async () => {
  const world = await startFailingGateway({ watching: QUICK });
  const id = await seedRequest(world, { status: 'WAIT_FOR_SIGNATURE' });
  const { nextData, rest } = await subscribe(world.url, id);
  await nextData();
  const after = async (reads: number): Promise<void> => {
    const from = world.calls.length;
    await expect.poll(() => world.calls.length).toBeGreaterThan(from + reads);
  };
  world.fail('getSignatureRequest', refuses(500));
  await after(2);
  world.fail('getSignatureRequest', (_, __, req) => void req.socket.resetAndDestroy());
  await after(2);
  world.fail('getSignatureRequest');
  await world.run(mutationOf('notifySigner'), { input: { signatureRequestId: id } });
  expect((await nextData())?.['data']?.['signatureRequestChanged']?.['notification']).not.toBeNull();
  world.fail('getSignatureRequest', refuses(404));
  expect(await rest()).toEqual([
    {
      isComment: false,
      event: 'next',
      data: {
        errors: [
          expect.objectContaining({
            message: 'No signature request has this id.',
            extensions: { code: 'NOT_FOUND' },
          }),
        ],
      },
    },
    COMPLETE,
  ]);
});

test('an answer that breaks the contract ends the stream with UPSTREAM_CONTRACT', async () => {
  const world = await startFailingGateway({ watching: QUICK });
  const id = await seedRequest(world, { status: 'WAIT_FOR_SIGNATURE' });
  const { nextData, rest } = await subscribe(world.url, id);
  await nextData();
  world.fail('getSignatureRequest', (_, res) => sendJson(res, 200, { id }));
  const [event, complete] = await rest();
  expect(event?.data?.['errors']?.[0]?.['extensions']).toEqual({ code: 'UPSTREAM_CONTRACT' });
  expect(complete).toEqual(COMPLETE);
});

test('nested fields are read anew for each event', async () => {
  const world = await startGateway({ watching: QUICK });
  const id = await seedRequest(world, { status: 'WAIT_FOR_SIGNATURE' });
  const query = `subscription ($id: ID!) { signatureRequestChanged(id: $id) { status dossier {
    signatureRequests(first: 25) { nodes { notification { ioMessageId } } } } } }`;
  const { nextData, leave } = await openStream(world.url, { query, variables: { id } });
  const listed = async () =>
    (await nextData())?.['data']?.['signatureRequestChanged']?.['dossier']?.['signatureRequests']?.['nodes'];
  expect(await listed()).toEqual([{ notification: null }]);
  await world.run(mutationOf('notifySigner'), { input: { signatureRequestId: id } });
  expect(await listed()).toEqual([{ notification: { ioMessageId: expect.any(String) } }]);
  leave();
});

test('the expiry of a request is an event', async () => {
  const world = await startGateway({ watching: QUICK });
  const expiresAt = new Date(Date.now() + 1_500).toISOString();
  const id = await seedRequest(world, { status: 'WAIT_FOR_SIGNATURE', expiresAt });
  const query = 'subscription ($id: ID!) { signatureRequestChanged(id: $id) { status isExpired } }';
  const { nextData, leave } = await openStream(world.url, { query, variables: { id } });
  const event = (isExpired: boolean) => ({
    data: { signatureRequestChanged: { status: 'WAIT_FOR_SIGNATURE', isExpired } },
  });
  expect(await nextData()).toEqual(event(false));
  expect(await nextData()).toEqual(event(true));
  leave();
});

test('a GET request opens a stream, as EventSource in browsers does', async () => {
  const world = await startGateway();
  const id = await seedRequest(world, { status: 'SIGNED' });
  const parameters = new URLSearchParams({ query: SUBSCRIPTION, variables: JSON.stringify({ id }) });
  const { rest } = await openStream(`${world.url}?${parameters}`, {
    query: '',
    init: { method: 'GET', body: null, headers: { accept: 'text/event-stream' } },
  });
  expect((await rest()).map(({ event }) => event)).toEqual(['next', 'complete']);
});

test.each(['application/json', 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json'])(
  'a client that accepts only %s is refused without an upstream call',
  async (accept) => {
    const world = await startGateway();
    const { response } = await subscribe(world.url, UNKNOWN_ID, { accept });
    expect(response.status).toBe(406);
    expect(world.sandbox.journal.entries()).toEqual([]);
  },
);
