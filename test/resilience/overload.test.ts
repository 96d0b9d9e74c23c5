import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { readAnswer } from '../support/read-answer.ts';
import { startGateway } from '../support/start-gateway.ts';

const DOSSIER = '{ dossier(id: "1") { id } }';
const post = (url: string, query: string): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://app.example' },
    body: JSON.stringify({ query }),
  });

async function expectOverloaded(answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toMatch(/^[1-5]$/);
  // Without it the page could not read the reason.
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
  expect(await readAnswer(answer)).toEqual({
    errors: [{ message: expect.stringContaining('Send it again later'), extensions: { code: 'OVERLOADED' } }],
  });
}

const protections = { corsOrigins: ['https://app.example'] };

test('requests beyond the concurrency limit are refused, probes are not, and free slots are used again', async () => {
  const held: ServerResponse[] = [];
  const stub = await startHttpStub((_, res) => void held.push(res));
  const apiUrl = new URL(stub.origin);
  const { url } = await startGateway({ apiUrl, protections, load: { requestsInFlight: 3 } });
  // A different id each time: identical reads of one caller share one upstream call.
  const running = ['1', '2', '3'].map((id) => post(url, `{ dossier(id: "${id}") { id } }`));
  await expect.poll(() => held.length).toBe(3);

  await Promise.all(Array.from({ length: 20 }, async () => expectOverloaded(await post(url, DOSSIER))));
  expect(stub.calls).toHaveLength(3);
  for (const path of ['/health', '/ready']) expect((await fetch(new URL(path, url))).status).toBe(200);

  sendJson(held[0] ?? expect.fail(), 404, { detail: 'not here' });
  expect((await Promise.race(running)).status).toBe(200);
  const next = post(url, '{ dossier(id: "4") { id } }');
  await expect.poll(() => held.length).toBe(4);
  for (const res of held.slice(1)) sendJson(res, 404, { detail: 'not here' });
  for (const answer of [...running, next])
    expect(await (await answer).json()).toEqual({ data: { dossier: null } });
});

test('a client that disconnects frees its slot', async () => {
  let calls = 0;
  const stub = await startHttpStub(() => void (calls += 1));
  const { url } = await startGateway({
    apiUrl: new URL(stub.origin),
    protections,
    load: { requestsInFlight: 1 },
  });
  const controller = new AbortController();
  const left = fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: DOSSIER }),
    signal: controller.signal,
  });
  await expect.poll(() => calls).toBe(1);
  await expectOverloaded(await post(url, '{ __typename }'));
  controller.abort();
  await expect(left).rejects.toThrow();
  await expect.poll(async () => (await post(url, '{ __typename }')).status).toBe(200);
});

test('requests are refused while the event loop lags, and accepted afterwards', async () => {
  const { url } = await startGateway({ protections, load: { eventLoopDelayMs: 40 } });
  expect((await post(url, '{ __typename }')).status).toBe(200);
  // The gateway and the test share a process: this keeps its event loop busy.
  const busy = setInterval(() => {
    for (const until = performance.now() + 100; performance.now() < until;);
  }, 0);
  onTestFinished(() => clearInterval(busy));
  await expect.poll(async () => (await post(url, '{ __typename }')).status).toBe(503);
  await expectOverloaded(await post(url, '{ __typename }'));
  expect((await fetch(new URL('/ready', url))).status).toBe(200);
  clearInterval(busy);
  await expect.poll(async () => (await post(url, '{ __typename }')).status).toBe(200);
});
