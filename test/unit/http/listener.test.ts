import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { scrub } from '../../../src/observability/logging/scrubber.ts';
import { createListener } from '../../../src/http/listener.ts';
import type { ListenerOptions } from '../../../src/http/listener.ts';
import { logSink } from '../../support/service-proxy.ts';

const THROWN = 'the thrown message';

async function listen(answerGraphql: ListenerOptions['answerGraphql']) {
  const logs = logSink();
  const server = createServer(
    createListener({ answerGraphql, corsOrigins: [], scrub, logger: logs.logger }),
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  // A server that listens on TCP has an address of this form.
  const { port } = server.address() as AddressInfo;
  return { logs, url: `http://127.0.0.1:${port}/graphql` };
}

test('an error that bypasses masking is a plain 500, and nothing is written to the console', async () => {
  const written = vi.spyOn(console, 'error');
  const { url, logs } = await listen(() => Promise.reject(new RangeError(THROWN)));
  const answer = await fetch(url, { headers: { 'x-request-id': 'r-1' } });
  const text = await answer.text();
  expect({ status: answer.status, body: JSON.parse(text) }).toEqual({
    status: 500,
    body: {
      errors: [
        { message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r-1' } },
      ],
    },
  });
  expect(answer.headers.get('x-request-id')).toBe('r-1');
  expect(logs.lines()).toMatchObject([
    {
      level: 50,
      requestId: 'r-1',
      err: { type: 'RangeError', message: THROWN, stack: expect.any(Array) },
      msg: 'a request could not be answered',
    },
  ]);
  expect(written).not.toHaveBeenCalled();
});

test('a response that fails after its start is aborted, so that no client mistakes it for complete', async () => {
  const { url, logs } = await listen(async (_, res) => {
    await new Promise((resolve) => res.write('half of it', resolve));
    throw new RangeError(THROWN);
  });
  const answer = await fetch(url);
  await expect(answer.text()).rejects.toThrow(TypeError);
  expect(logs.lines()).toMatchObject([{ err: { type: 'RangeError' } }]);
});
