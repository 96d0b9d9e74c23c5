import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import { createGraphQLError, createSchema, createYoga } from 'graphql-yoga';
import { expect, onTestFinished, test } from 'vitest';
import { EventStream, useEventStreams } from '../../../../src/graphql/subscriptions/use-event-streams.ts';

/** A source whose results the test triggers, and whether it was closed. */
function source() {
  const waiting: PromiseWithResolvers<IteratorResult<ExecutionResult>>[] = [];
  let isOver = false;
  let asked = 0;
  const over = { done: true, value: undefined } as const;
  return {
    asked: () => asked,
    isOver: () => isOver,
    give: (result: ExecutionResult) => waiting.shift()?.resolve({ done: false, value: result }),
    end: () => waiting.shift()?.resolve(over),
    fail: (error: Error) => waiting.shift()?.reject(error),
    results: {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          asked += 1;
          const result = Promise.withResolvers<IteratorResult<ExecutionResult>>();
          waiting.push(result);
          return result.promise;
        },
        return: async () => {
          isOver = true;
          for (const result of waiting.splice(0)) result.resolve(over);
          return over;
        },
      }),
    },
  };
}

function open(options: Partial<ConstructorParameters<typeof EventStream>[1]> = {}) {
  const from = source();
  let stalls = 0;
  const onStall = (): void => void (stalls += 1);
  const stream = new EventStream(from.results, { heartbeatMs: 60_000, stallMs: 60_000, onStall, ...options });
  onTestFinished(() => void stream.destroy());
  return { ...from, stream, stalls: () => stalls };
}

const textOf = async (stream: EventStream): Promise<string> =>
  Buffer.concat(await stream.toArray()).toString();
const big = { data: { text: 'x'.repeat(20_000) } };

test('each result is an event, and the end of the results is one too', async () => {
  const { stream, give, end, isOver } = open();
  const text = textOf(stream);
  give({ data: { a: 1 } });
  await pause(1);
  end();
  expect(await text).toBe(':\n\nevent: next\ndata: {"data":{"a":1}}\n\nevent: complete\ndata:\n\n');
  expect(isOver()).toBe(true);
});

test('internal extensions of errors are not sent', async () => {
  const { stream, give } = open();
  const http = { status: 500, headers: { 'x-a': 'b' } };
  const error = createGraphQLError('no', { extensions: { code: 'A', http, unexpected: true } });
  const plain = createGraphQLError('no');
  give({ errors: [error, plain] });
  await pause(1);
  stream.leaveOff(7);
  expect(await textOf(stream)).toBe(
    ':\n\nevent: next\ndata: {"errors":[{"message":"no","extensions":{"code":"A"}},{"message":"no"}]}\n\nretry: 7\n\n',
  );
});

test('finish sends a last result, ends the stream and requests no further result', async () => {
  const { stream, isOver, give } = open();
  stream.finish({ errors: [createGraphQLError('over')] });
  give({ data: {} });
  expect(await textOf(stream)).toBe(
    ':\n\nevent: next\ndata: {"errors":[{"message":"over"}]}\n\nevent: complete\ndata:\n\n',
  );
  expect(isOver()).toBe(true);
  stream.leaveOff(1);
  stream.finish({});
});

test('failed results end a stream without an event, because Yoga has already turned errors into results', async () => {
  const { stream, fail } = open();
  fail(new Error('the client left'));
  expect(await textOf(stream)).toBe(':\n\n');
});

test('results are requested only as the client reads', async () => {
  const { stream, give, asked, stalls } = open({ stallMs: 20 });
  expect(asked()).toBe(1);
  give(big);
  await pause(5);
  expect(asked()).toBe(1);
  await expect.poll(stalls).toBe(1);
  stream.resume();
  await expect.poll(asked).toBe(2);
});

test('heartbeats do not accumulate while the reader is slow', async () => {
  const { stream } = open({ heartbeatMs: 2 });
  await pause(30);
  expect(stream.readableLength).toBe(3);
  stream.read();
  await expect.poll(() => stream.readableLength).toBe(3);
});

test('destroying the stream closes the source', async () => {
  const { stream, isOver } = open();
  stream.destroy();
  await once(stream, 'close');
  expect(isOver()).toBe(true);
});

/** A subscription whose client disconnects before the first event. */
test.each([true, false])(
  'a stream without a reader is closed (disconnected before its start: %s)',
  async (isGone) => {
    const { results, isOver, asked } = source();
    const closing = new AbortController();
    const plugin = useEventStreams({
      draining: closing.signal,
      heartbeatMs: 10,
      stallMs: 10_000,
      watchCredential: () => ({ stop: () => {} }),
    });
    const schema = createSchema({
      typeDefs: 'type Query { a: Int } type Subscription { a: Int }',
      resolvers: { Subscription: { a: { subscribe: () => results, resolve: () => 1 } } },
    });
    const yoga = createYoga({ schema, plugins: [plugin], logging: false });
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    const leave = async (): Promise<void> => {
      const closed = once(res, 'close');
      res.destroy();
      await closed;
    };
    if (isGone) await leave();
    const response = await yoga.fetch(
      'http://gateway/graphql?query=subscription{a}',
      { headers: { accept: 'text/event-stream' } },
      { res },
    );
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    if (!isGone) await leave();
    await expect.poll(isOver).toBe(true);
    expect(asked()).toBeLessThanOrEqual(1);
  },
);
