import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { listen, refuseMalformedRequests } from '../../../src/http/server.ts';
import { openSocket } from '../../support/raw-http.ts';
import { logSink } from '../../support/service-proxy.ts';

const SECRET = 'secret-of-the-client';

/** Times after which headers that do not arrive are refused. All other tests depend on no time. */
const SHORT = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };

/** A server with the refusals of Sigillo, or with those of Node. */
async function start(refusals: 'sigillo' | 'node', times: Partial<typeof SHORT> = {}) {
  const logs = logSink();
  const server = createServer({ maxHeaderSize: 1_024, ...times }, (req, res) => {
    res.write(`answer to ${req.url}`);
    req.on('end', () => res.end()).resume();
  });
  if (refusals === 'sigillo') refuseMalformedRequests(server, logs.logger);
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  return { logs, url: `http://127.0.0.1:${port}/` };
}

/** The response to these bytes, until the server closes the connection, without its date. */
async function answerTo(url: string, bytes: string): Promise<string> {
  const { socket, received, closed } = await openSocket(url);
  socket.write(bytes);
  await closed();
  return received().replace(/^Date: .*\r\n/m, '');
}

const CHUNKED = 'POST /one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

test.each([
  ['no HTTP', `${SECRET}\r\n\r\n`, 400, /^HPE_/],
  ['an invalid method', `${SECRET} / HTTP/1.1\r\nHost: a\r\n\r\n`, 400, /^HPE_INVALID_METHOD$/],
  [
    'headers that exceed the limit',
    `GET / HTTP/1.1\r\nx: ${SECRET.repeat(100)}\r\n\r\n`,
    431,
    /^HPE_HEADER_OVERFLOW$/,
  ],
  ['headers that do not arrive', `GET / HTTP/1.1\r\nx: ${SECRET}`, 408, /^ERR_HTTP_REQUEST_TIMEOUT$/],
])(
  '%s: the status of Node’s answer, an error in a body, and a line in the log',
  async (_, bytes, status, code) => {
    const times = status === 408 ? SHORT : {};
    const [sigillo, node] = [await start('sigillo', times), await start('node', times)];
    const answer = await answerTo(sigillo.url, bytes);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head.startsWith((await answerTo(node.url, bytes)).trimEnd())).toBe(true);
    expect(Number(/^Content-Length: (\d+)$/m.exec(head)?.[1])).toBe(body.length);
    const { errors } = JSON.parse(body) as { errors: { extensions: Record<string, string> }[] };
    const { code: errorCode, requestId } = errors[0]?.extensions ?? {};
    expect(sigillo.logs.requests()).toMatchObject([
      {
        level: 30,
        requestId,
        outcome: 'refused',
        errors: [errorCode],
        status,
        code: expect.stringMatching(code),
        msg: 'request',
      },
    ]);
    expect(answer + JSON.stringify(sigillo.logs.requests())).not.toContain(SECRET);
  },
);

test('a response that has started is aborted without further bytes, and logged', async () => {
  const [sigillo, node] = [await start('sigillo'), await start('node')];
  const answer = await answerTo(sigillo.url, `${CHUNKED}${SECRET}\r\n`);
  expect(answer).toBe(await answerTo(node.url, `${CHUNKED}${SECRET}\r\n`));
  expect(sigillo.logs.requests()).toMatchObject([
    { outcome: 'refused', status: 400, code: 'HPE_INVALID_CHUNK_SIZE' },
  ]);
  expect(JSON.stringify(sigillo.logs.requests())).not.toContain(SECRET);
});

test('a client that disconnects during a request causes no line in the log', async () => {
  const { url, logs } = await start('sigillo');
  const { socket } = await openSocket(url);
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf');
  await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
  socket.resetAndDestroy();
  // When the server answers another request, it has processed the disconnect.
  expect(await answerTo(url, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  expect(logs.requests()).toHaveLength(1);
});
