import { expect, test } from 'vitest';
import { createEvents } from '../../../../src/observability/events.ts';
import type { ApiCall, CallOptions, UpstreamClient } from '../../../../src/upstream/call.ts';
import { TimeIsUpError } from '../../../../src/upstream/pipeline/deadline.ts';
import { withStages } from '../../../../src/upstream/call.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import { ReadCoalescer, withCoalescing } from '../../../../src/upstream/pipeline/with-coalescing.ts';

type Model = { readonly at: Date; readonly tags: string[] };

const WRITE = { method: 'PUT', effect: 'write', mayCoalesce: false } as const;

/** A service whose answers the test triggers. */
function start() {
  const events = createEvents();
  const coalesced: string[] = [];
  events.on('coalescedRead', ({ operation }) => coalesced.push(operation));
  const calls: {
    readonly line: string;
    readonly signal: AbortSignal | undefined;
    end: (failure?: Error) => void;
  }[] = [];
  const service: UpstreamClient = {
    call<T>({ method, path }: ApiCall<T>, { signal }: CallOptions = {}): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<Model>();
      const model = { at: new Date(0), tags: [] };
      const end = (failure?: Error): void => (failure === undefined ? resolve(model) : reject(failure));
      signal?.addEventListener('abort', () => end(new UpstreamError({ operation: 'x', kind: 'aborted' })));
      calls.push({ line: `${method} ${path}`, signal, end });
      return promise as Promise<T>; // tests ask for models alone
    },
    close: () => Promise.resolve(),
  };
  const client = withStages(service, [withCoalescing(new ReadCoalescer({ events }))]);
  const read = (
    path: string,
    options: CallOptions = {},
    change: Partial<ApiCall<Model>> = {},
  ): Promise<Model> =>
    client.call<Model>(
      {
        operation: 'getDossier',
        method: 'GET',
        effect: 'read',
        mayCoalesce: true,
        path,
        expect: [200],
        decode: () => ({ at: new Date(), tags: [] }),
        ...change,
      },
      { caller: 'a', ...options },
    );
  return { client, calls, coalesced, read, lines: () => calls.map(({ line }) => line) };
}

test('identical reads of one caller share one call in flight', async () => {
  const { calls, coalesced, read } = start();
  const reads = [read('/1'), read('/1'), read('/1')];
  expect(calls).toHaveLength(1);
  calls[0]?.end();
  expect(await Promise.all(reads)).toEqual(Array.from({ length: 3 }, () => ({ at: new Date(0), tags: [] })));
  expect(coalesced).toEqual(['getDossier', 'getDossier']);
  void read('/1');
  expect(calls).toHaveLength(2);
});

test('each reader gets its own model', async () => {
  const { calls, read } = start();
  const reads = [read('/1'), read('/1')];
  calls[0]?.end();
  const [one, other] = await Promise.all(reads);
  one?.tags.push('changed');
  expect(other).toEqual({ at: new Date(0), tags: [] });
});

test.each<[string, Parameters<ReturnType<typeof start>['read']>]>([
  ['another caller', ['/1', { caller: 'b' }]],
  ['another path', ['/2']],
  ['another query', ['/1', {}, { query: { limit: 25 } }]],
  ['a poll, which would wait behind interactive calls', ['/1', { priority: 'poll' }]],
  ['a call that must not be coalesced', ['/1', {}, { mayCoalesce: false }]],
])('nothing is shared with %s', (_, [path, options, change]) => {
  const { calls, coalesced, read } = start();
  void read('/1');
  void read(path, options, change);
  expect(calls).toHaveLength(2);
  expect(coalesced).toEqual([]);
});

test('calls of the gateway itself are not coalesced', () => {
  const { client, calls } = start();
  const call = {
    operation: 'getDossier',
    method: 'GET',
    effect: 'read',
    mayCoalesce: true,
    path: '/1',
    expect: [200],
    decode: () => 1,
  } as const;
  void client.call(call);
  void client.call(call, {});
  expect(calls).toHaveLength(2);
});

test('a failure reaches all readers of the call and no later ones', async () => {
  const { calls, read } = start();
  const reads = Promise.allSettled([read('/1'), read('/1')]);
  const failure = new UpstreamError({ operation: 'getDossier', kind: 'not-found' });
  calls[0]?.end(failure);
  expect(await reads).toMatchObject([{ reason: failure }, { reason: failure }]);
  const next = read('/1');
  calls[1]?.end();
  expect(await next).toBeDefined();
});

test('aborting one reader does not abort the shared call', async () => {
  const { calls, read } = start();
  const [first, second] = [new AbortController(), new AbortController()];
  const reads = Promise.allSettled([
    read('/1', { signal: first.signal }),
    read('/1', { signal: second.signal }),
    read('/1'),
  ]);
  first.abort(new Error('gone'));
  second.abort(new TimeIsUpError());
  expect(calls[0]?.signal?.aborted).toBe(false);
  calls[0]?.end();
  expect(await reads).toMatchObject([
    { reason: { kind: 'aborted' } },
    { reason: { kind: 'timeout' } },
    { status: 'fulfilled' },
  ]);
});

test('aborting the last reader aborts the call, and no reader joins it', async () => {
  const { calls, read } = start();
  const leaver = new AbortController();
  const left = [read('/1', { signal: leaver.signal }), read('/1', { signal: leaver.signal })];
  leaver.abort(new Error('gone'));
  expect(await Promise.allSettled(left)).toMatchObject([
    { reason: { kind: 'aborted' } },
    { reason: { kind: 'aborted' } },
  ]);
  expect(calls[0]?.signal?.aborted).toBe(true);
  const next = read('/1');
  expect(calls).toHaveLength(2);
  calls[1]?.end();
  expect(await next).toBeDefined();
});

test('a reader that joins while the last one aborts keeps the call', async () => {
  const { calls, read } = start();
  const leaver = new AbortController();
  const left = read('/1', { signal: leaver.signal });
  leaver.abort(new Error('gone'));
  const next = read('/1');
  await expect(left).rejects.toMatchObject({ kind: 'aborted' });
  expect(calls[0]?.signal?.aborted).toBe(false);
  calls[0]?.end();
  expect(await next).toBeDefined();
});

test('an aborted reader keeps no call in flight', async () => {
  const { calls, read } = start();
  await expect(read('/1', { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'aborted' });
  expect(calls.every(({ signal }) => signal?.aborted)).toBe(true);
});

test('no read after a write joins a call from before its end', async () => {
  const { calls, read, lines } = start();
  const before = read('/1');
  const write = read('/2', {}, WRITE);
  const during = read('/1');
  calls[1]?.end();
  await write;
  const after = read('/1');
  expect(lines()).toEqual(['GET /1', 'PUT /2', 'GET /1']);
  for (const { end } of calls) end();
  await Promise.all([before, during, after]);
});

test('calls without a write effect do not end coalescing', async () => {
  const { calls, read, lines } = start();
  void read('/1');
  const found = read('/signers', {}, { method: 'POST', mayCoalesce: false });
  const checked = read('/validate-document', {}, { method: 'POST', effect: 'stream', mayCoalesce: false });
  for (const { end } of calls.slice(1)) end();
  await Promise.all([found, checked]);
  void read('/1');
  expect(lines()).toEqual(['GET /1', 'POST /signers', 'POST /validate-document']);
});

test('a failed write ends coalescing too, because it may have been performed', async () => {
  const { calls, read, lines } = start();
  void read('/1');
  const write = read('/2', {}, WRITE);
  calls[1]?.end(new UpstreamError({ operation: 'sendNotification', kind: 'timeout' }));
  await expect(write).rejects.toMatchObject({ kind: 'timeout' });
  void read('/1');
  expect(lines()).toHaveLength(3);
});
