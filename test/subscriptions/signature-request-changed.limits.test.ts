import { expect, test } from 'vitest';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { openStream, statusIn, SUBSCRIPTION } from '../support/event-stream.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';

const UNKNOWN_ID = '01ARZ3NDEKTSV4RRFFQ69G5FAW';

async function startWorld(options: GatewayOverrides = {}) {
  const world = await startGateway(options);
  const { requests } = await world.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  return {
    ...world,
    id,
    subscribe: (headers: Readonly<Record<string, string>> = {}, query = SUBSCRIPTION) =>
      openStream(world.url, { query, variables: { id }, headers }),
  };
}

type Stream = Awaited<ReturnType<typeof openStream>>;
const begins = async (stream: Stream): Promise<void> =>
  expect(statusIn(await stream.nextData())).toBe('WAIT_FOR_SIGNATURE');
const refusal = async ({ response }: Stream) => ({
  status: response.status,
  retryAfter: response.headers.get('retry-after'),
  code: /"code":"(\w+)"/.exec(await response.clone().text())?.[1],
});

test('the streams of a caller are limited, and each stream that ends frees a place', async () => {
  const { subscribe, url, sandbox, id } = await startWorld({ streams: { maxStreamsPerCaller: 2 } });
  const [first, second] = [await subscribe(), await subscribe()];
  await Promise.all([begins(first), begins(second)]);
  expect(await refusal(await subscribe())).toEqual({
    status: 429,
    retryAfter: '30',
    code: 'TOO_MANY_STREAMS',
  });

  first.leave();
  const again = async (): Promise<number> => {
    const { response, leave } = await openStream(url, { query: SUBSCRIPTION, variables: { id: UNKNOWN_ID } });
    await response.text();
    leave();
    return response.status;
  };
  await expect.poll(again).toBe(200);
  // A subscription that was refused holds no place either.
  for (let n = 0; n < 3; n += 1) await expect.poll(again).toBe(200);
  const third = await subscribe();
  await begins(third);
  expect((await refusal(await subscribe())).status).toBe(429);
  sandbox.citizen.sign(id);
  await Promise.all([second.rest(), third.rest()]);
  await expect.poll(again).toBe(200);
});

test('the streams of all callers are limited, and each stream that ends frees a place', async () => {
  const { subscribe } = await startWorld({ streams: { maxStreams: 1 } });
  const first = await subscribe();
  await begins(first);
  expect(await refusal(await subscribe({ accept: 'text/event-stream' }))).toEqual({
    status: 503,
    retryAfter: '30',
    code: 'TOO_MANY_STREAMS',
  });
  first.leave();
  const statusOfNext = async (): Promise<number> => {
    const { response, leave } = await subscribe();
    leave();
    return response.status;
  };
  await expect.poll(statusOfNext).toBe(200);
});

test('the limit of authenticated callers is per caller, not per address', async () => {
  const owner = (name: string) => ({ name, role: 'operator' });
  const file = temporaryFile('keys.json', keysText({ a: owner('anna'), b: owner('bruno') }));
  const { subscribe } = await startWorld({
    auth: { mode: 'api-key', file },
    streams: { maxStreamsPerCaller: 1 },
  });
  await begins(await subscribe({ 'x-api-key': 'a' }));
  await begins(await subscribe({ 'x-api-key': 'b' }));
  expect((await refusal(await subscribe({ 'x-api-key': 'a' }))).status).toBe(429);
});

test('the number of watched requests is limited', async () => {
  const { subscribe, sandbox, url } = await startWorld({ watching: { maxRequests: 1 } });
  await begins(await subscribe());
  await begins(await subscribe()); // the same request
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const other = await openStream(url, { query: SUBSCRIPTION, variables: { id: requests[0]?.id } });
  expect(await refusal(other)).toEqual({ status: 200, retryAfter: null, code: 'TOO_MANY_STREAMS' });
});

test('a subscription above the limit of costs is refused without an upstream call', async () => {
  const { subscribe, sandbox } = await startWorld();
  const before = sandbox.journal.entries().length;
  const query = `subscription ($id: ID!) { signatureRequestChanged(id: $id) { dossier {
    ${Array.from({ length: 3 }, (_, n) => `l${n}: signatureRequests(first: 100) { nodes { documents { id } } }`).join(' ')} } } }`;
  expect(await refusal(await subscribe({}, query))).toMatchObject({ code: 'OPERATION_TOO_COSTLY' });
  expect(sandbox.journal.entries()).toHaveLength(before);
});

test('a subscription of an authenticated caller counts against the rate limit of the caller, not of the address', async () => {
  const owner = (name: string) => ({ name, role: 'operator' });
  const file = temporaryFile('keys.json', keysText({ a: owner('anna'), b: owner('bruno') }));
  const { subscribe } = await startWorld({
    auth: { mode: 'api-key', file },
    protections: { requestsPerMinute: 2 },
  });
  for (const key of ['a', 'a', 'b', 'b']) await begins(await subscribe({ 'x-api-key': key }));
  expect(await refusal(await subscribe({ 'x-api-key': 'a' }))).toMatchObject({
    status: 429,
    code: 'TOO_MANY_REQUESTS',
  });
});

const LISTED = 'https://portale.comune.example';

test.each(['https://evil.example', 'null'])(
  'a page of the origin %s gets no stream, by POST or by GET',
  async (origin) => {
    const { subscribe, sandbox, url, id } = await startWorld({ protections: { corsOrigins: [LISTED] } });
    const before = sandbox.journal.entries().length;
    const headers = { origin, 'sec-fetch-site': 'cross-site', accept: 'text/event-stream' };
    expect(await refusal(await subscribe(headers))).toMatchObject({ status: 403, code: 'FORBIDDEN_ORIGIN' });
    const address = `${url}?${new URLSearchParams({ query: SUBSCRIPTION, variables: JSON.stringify({ id }) })}`;
    const { status, headers: answered } = await fetch(address, { headers });
    expect([status, answered.get('access-control-allow-origin')]).toEqual([403, null]);
    expect(sandbox.journal.entries()).toHaveLength(before);
  },
);

test('a page of an allowed origin reads a stream', async () => {
  const { subscribe } = await startWorld({ protections: { corsOrigins: [LISTED] } });
  const stream = await subscribe({ origin: LISTED, 'sec-fetch-site': 'cross-site' });
  expect(stream.response.headers.get('access-control-allow-origin')).toBe(LISTED);
  await begins(stream);
});

test('with trusted documents, any other subscription is refused', async () => {
  const trusted = new Map([['a'.repeat(64), SUBSCRIPTION]]);
  const { subscribe, url, id } = await startWorld({ protections: { trustedDocuments: trusted } });
  expect(await refusal(await subscribe())).toMatchObject({ code: 'DOCUMENT_NOT_ALLOWED' });
  const stream = await openStream(url, {
    query: '',
    init: { body: JSON.stringify({ documentId: 'a'.repeat(64), variables: { id } }) },
  });
  await begins(stream);
});

test('a client that does not accept events is refused with EVENT_STREAM_ONLY', async () => {
  const { subscribe } = await startWorld();
  expect(await refusal(await subscribe({ accept: 'application/json' }))).toMatchObject({
    status: 406,
    code: 'EVENT_STREAM_ONLY',
  });
});
