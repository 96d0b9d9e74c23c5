import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sendAnswer } from '../../../src/http/answer.ts';
import {
  createRequestScope,
  currentRequest,
  forRequest,
} from '../../../src/observability/logging/request-scope.ts';

/** Two requests that wait for their answers, each with a connection of its own. */
async function waitingRequests() {
  const server = createServer();
  const arrived: ServerResponse[] = [];
  const both = new Promise<void>((resolve) => {
    server.on('request', (_, res) => {
      arrived.push(res);
      if (arrived.length === 2) resolve();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // the address of a TCP server
  const texts = ['one', 'other'].map(async () => (await fetch(url)).text());
  await both;
  const [one, other] = arrived;
  if (one === undefined || other === undefined) throw new Error('two requests have arrived');
  return { one, other, texts };
}

const answer = (body: string) => ({ status: 200, headers: { 'content-type': 'text/plain' }, body });

test('answers that are ready in one turn of the event loop are written at its end', async () => {
  const { one, other, texts } = await waitingRequests();
  await setImmediate();
  const sending = [sendAnswer(answer('a'), one)];
  for (let nth = 0; nth < 50; nth += 1) await Promise.resolve();
  expect(one.writableEnded).toBe(false);
  sending.push(sendAnswer(answer('b'), other));
  await Promise.all(sending);
  expect([one.writableEnded, other.writableEnded]).toEqual([true, true]);
  expect((await Promise.all(texts)).toSorted()).toEqual(['a', 'b']);
});

test('an answer that is written with others ends in the scope of its own request', async () => {
  const { one, other, texts } = await waitingRequests();
  const ended: (string | undefined)[] = [];
  const send = (id: string, res: ServerResponse): Promise<void> => {
    res.once('finish', () => ended.push(`${id} ${currentRequest()?.requestId}`));
    return forRequest(createRequestScope(id), () => sendAnswer(answer(id), res));
  };
  await Promise.all([send('one', one), send('other', other)]);
  await Promise.all(texts);
  expect(ended).toEqual(['one one', 'other other']);
});

test('an answer that cannot be written does not keep the others from being written', async () => {
  const { one, other, texts } = await waitingRequests();
  one.end = () => {
    throw new TypeError('cannot be written');
  };
  const sending = await Promise.allSettled([sendAnswer(answer('a'), one), sendAnswer(answer('b'), other)]);
  expect(sending.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  one.destroy();
  expect((await Promise.allSettled(texts)).map(({ status }) => status).toSorted()).toEqual([
    'fulfilled',
    'rejected',
  ]);
});
