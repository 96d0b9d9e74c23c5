import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { readSecret, signedHeaders } from '../../src/webhooks/endpoints.ts';
import { OTHER_SECRET, SECRET } from '../support/webhook-receiver.ts';

/** Starts `examples/webhook-receiver.mjs` as its documentation says. */
async function startExample() {
  const child = spawn(process.execPath, ['examples/webhook-receiver.mjs'], {
    env: { PORT: '0', WEBHOOK_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  await expect.poll(() => output).toContain('\n');
  const url = /http:\S+/.exec(output)?.[0] ?? '';
  return {
    /** The accepted events. */
    events: () => output.split('\n').slice(1, -1),
    async post(body: string, headers: Record<string, string>): Promise<number> {
      const answer = await fetch(url, { method: 'POST', body, headers });
      await answer.arrayBuffer();
      return answer.status;
    },
    get: async () => (await fetch(url)).status,
  };
}

const BODY = JSON.stringify({
  type: 'io.sign.signature_request.signed',
  timestamp: 'then',
  data: { id: 'è' },
});
const EVENT = 'then io.sign.signature_request.signed è';

function headersOf(id: string, { secrets = [SECRET], ageSeconds = 0, body = BODY } = {}) {
  const keys = secrets.flatMap((secret) => readSecret(secret) ?? []);
  return signedHeaders(keys, { id, timestamp: Math.floor(Date.now() / 1000) - ageSeconds, body });
}

test('the example accepts each event signed with its secret once', async () => {
  const { post, events, get } = await startExample();
  expect(await post(BODY, headersOf('msg_1'))).toBe(204);
  expect(await post(BODY, headersOf('msg_1'))).toBe(204);
  expect(await post(BODY, headersOf('msg_2', { secrets: [OTHER_SECRET, SECRET] }))).toBe(204);
  expect(await post(BODY, headersOf('msg_3', { ageSeconds: 290 }))).toBe(204);
  const [id, at] = ['msg_4', new Date()];
  const library = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign(id, at, BODY),
  };
  expect(await post(BODY, library)).toBe(204);
  await expect.poll(events).toEqual([EVENT, EVENT, EVENT, EVENT]);
  expect(await get()).toBe(405);
});

test('the example refuses everything else', async () => {
  const { post, events } = await startExample();
  const good = headersOf('msg_1');
  const cut = good['webhook-signature'].slice(0, -4);
  for (const [body, headers] of [
    [BODY, {}],
    [`${BODY} `, good],
    [BODY, { ...good, 'webhook-id': 'msg_2' }],
    [BODY, { ...good, 'webhook-timestamp': String(Number(good['webhook-timestamp']) + 1) }],
    [BODY, { ...good, 'webhook-timestamp': 'now' }],
    [BODY, { ...good, 'webhook-signature': cut }],
    [BODY, { ...good, 'webhook-signature': good['webhook-signature'].replace('v1,', 'v1a,') }],
    [BODY, headersOf('msg_1', { secrets: [OTHER_SECRET] })],
    [BODY, headersOf('msg_1', { ageSeconds: 310 })],
    [BODY, headersOf('msg_1', { ageSeconds: -310 })],
  ] as const)
    expect(await post(body, headers), JSON.stringify(headers)).toBe(401);
  const long = 'x'.repeat(300_000);
  expect(await post(long, headersOf('msg_1', { body: long })).catch(() => 413)).toBe(413);
  expect(events()).toEqual([]);
});
