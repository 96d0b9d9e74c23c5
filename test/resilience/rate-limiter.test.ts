import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createEvents } from '../../src/observability/events.ts';
import type { GatewayEventMap } from '../../src/observability/events.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { RateLimiter } from '../../src/upstream/rate-limit/rate-limiter.ts';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { callerAt } from '../support/caller.ts';
import { startGateway } from '../support/start-gateway.ts';

/** A fifth of the limit of the service in a tenth of its window, in the gateway and in the sandbox. */
const LIMIT = { calls: 30, windowMs: 500 };

async function start(options: GatewayOverrides = {}) {
  const events = createEvents();
  const waits: (GatewayEventMap['rateLimiterWait'][0] & { readonly at: number })[] = [];
  events.on('rateLimiterWait', (wait) => waits.push({ ...wait, at: performance.now() }));
  const world = await startGateway({ rateLimit: LIMIT, events, ...options }, { rateLimit: LIMIT });
  return {
    ...world,
    waits,
    refusals: () => world.sandbox.journal.entries({ status: 429 }).length,
    /** Reads a request that does not exist and that no other call reads. */
    read: async (nth: number) => world.run(`{ signatureRequest(id: "none-${nth}") { id } }`),
  };
}

const NOTHING = { data: { signatureRequest: null } };
const times = <T>(count: number, run: (nth: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, nth) => run(nth)));

test('many times more requests than the rate budget are all answered', async () => {
  const world = await start();
  const answers = await times(5 * LIMIT.calls, world.read);
  expect(answers).toEqual(answers.map(() => NOTHING));
  // Only calls in flight for more than half a second are refused, on a busy machine.
  expect(world.refusals()).toBeLessThan(LIMIT.calls / 5);
  expect(world.sandbox.journal.entries()).toHaveLength(answers.length + world.refusals());
  expect(world.waits).toHaveLength(answers.length + world.refusals());
  expect(new Set(world.waits.map(({ outcome }) => outcome))).toEqual(new Set(['granted']));
  // No window has more calls than allowed, at any speed of the machine.
  const spans = world.waits.slice(LIMIT.calls).map(({ at }, nth) => at - (world.waits[nth]?.at ?? 0));
  expect(Math.min(...spans)).toBeGreaterThanOrEqual(LIMIT.windowMs);
});

test('a caller with one request does not wait for a caller with many', async () => {
  const file = temporaryFile(
    'keys.json',
    keysText({ many: { name: 'many', role: 'operator' }, one: { name: 'one', role: 'operator' } }),
  );
  const { url } = await start({ auth: { mode: 'api-key', file } });
  const as = (key: string) => callerAt(url, { authorization: `Bearer ${key}` });
  const done: string[] = [];
  const flood = times(5 * LIMIT.calls, async (nth) => {
    const { body } = await as('many').ask(`{ signatureRequest(id: "none-${nth}") { id } }`);
    expect(body).toEqual(NOTHING);
    done.push('many');
  });
  await expect.poll(() => done.length).toBeGreaterThan(0);
  const { body } = await as('one').ask('{ signatureRequest(id: "none") { id } }');
  expect(body).toEqual(NOTHING);
  // Two windows are full of earlier calls; in the third it is the first or second call.
  expect(done.length).toBeLessThanOrEqual(3 * LIMIT.calls);
  await flood;
});

test('calls of other programs with the same key are noticed, and no caller gets an error for them', async () => {
  const { sandbox, read } = await start();
  const headers = { 'ocp-apim-subscription-key': 'a-key' };
  let isOver = false;
  /** Uses half of the rate budget, as another program of the institution would. */
  const other = async (): Promise<void> => {
    while (!isOver) {
      await times(LIMIT.calls / 2, () => fetch(`${sandbox.url}/dossiers/none`, { headers }));
      await pause(LIMIT.windowMs + 50);
    }
  };
  const running = other();
  const answers = await times(2 * LIMIT.calls, read);
  isOver = true;
  await running;
  expect(answers).toEqual(answers.map(() => NOTHING));
});

test('when the queue is as long as can be served in time, the next request gets a Retry-After', async () => {
  const rateLimit = { calls: 5, windowMs: 60_000 };
  const world = await start({ rateLimit, operationTimeoutMs: 60_000 });
  const clients = new AbortController();
  onTestFinished(() => clients.abort());
  const ask = async (nth: number): Promise<unknown> => {
    const body = JSON.stringify({ query: `{ signatureRequest(id: "none-${nth}") { id } }` });
    const headers = { 'content-type': 'application/json' };
    const { signal } = clients;
    return (await fetch(world.url, { method: 'POST', headers, body, signal })).json();
  };
  const answers: unknown[] = [];
  for (let nth = 0; nth < 12; nth += 1)
    void ask(nth).then(
      (answer) => answers.push(answer),
      () => {},
    );
  await expect.poll(() => answers).toHaveLength(7);
  const refusal = { extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 60 } };
  expect(answers.filter((answer) => 'errors' in Object(answer))).toMatchObject([
    { errors: [refusal] },
    { errors: [refusal] },
  ]);
  expect(world.sandbox.journal.entries()).toHaveLength(5);
});

test('an aborted request leaves the queue of the rate limiter', async () => {
  const world = await start({ rateLimit: { calls: 1, windowMs: 60_000 } });
  await world.read(1);
  const acquire = vi.spyOn(RateLimiter.prototype, 'acquire');
  onTestFinished(() => acquire.mockRestore());
  const client = new AbortController();
  const left = fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ dossier(id: "gone") { id } }' }),
    signal: client.signal,
  }).catch(() => 'left');
  await expect.poll(() => acquire.mock.calls.length).toBe(1);
  client.abort();
  expect(await left).toBe('left');
  await expect.poll(() => world.waits.at(-1)?.outcome).toBe('left');
  expect(world.sandbox.journal.entries({ operationId: 'getDossier' })).toEqual([]);
});
