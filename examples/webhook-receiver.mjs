// A receiver of Sigillo's webhooks that needs only Node. It verifies signatures (Standard Webhooks,
// https://www.standardwebhooks.com) and handles each event once.
//
//   WEBHOOK_SECRET=whsec_… node examples/webhook-receiver.mjs
//
// It listens on PORT, 3000 by default.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { PORT = '3000', WEBHOOK_SECRET = '' } = process.env;
const key = Buffer.from(WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64');
if (key.length < 24) throw new Error('Set WEBHOOK_SECRET to the secret of this endpoint in WEBHOOKS_FILE.');

/** Allowed difference of the clocks; an older signature may be replayed. */
const TOLERANCE_SECONDS = 5 * 60;
/** An event has a few hundred bytes for each document. */
const MAX_BODY_BYTES = 256 * 1024;

/** Whether one of the signatures is valid. There are several during the rotation of a secret. */
function isSigned({ id, timestamp, signature }, body) {
  const seconds = Number(timestamp);
  if (!Number.isInteger(seconds) || Math.abs(Date.now() / 1000 - seconds) > TOLERANCE_SECONDS) return false;
  // The raw bytes are signed: JSON that is parsed and serialized again may differ.
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return signature.split(' ').some((part) => {
    const [version, mac = ''] = part.split(',');
    const given = Buffer.from(mac, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/**
 * Delivery is at least once. Store the ids in the same transaction as the effect of the event; this example keeps the last
 * 10,000 in memory.
 */
const taken = new Set();
function isNew(id) {
  if (taken.has(id)) return false;
  taken.add(id);
  if (taken.size > 10_000) taken.delete(taken.values().next().value);
  return true;
}

/** Replace this with your code. The gateway waits 15 seconds for the response, so put slow work into a queue. */
function handle({ type, timestamp, data }) {
  console.log(`${timestamp} ${type} ${data.id}`);
}

async function readBody(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function receive(req) {
  if (req.method !== 'POST') return 405;
  const body = await readBody(req);
  if (body === undefined) return 413;
  const headers = {
    id: req.headers['webhook-id'] ?? '',
    timestamp: req.headers['webhook-timestamp'] ?? '',
    signature: req.headers['webhook-signature'] ?? '',
  };
  if (!isSigned(headers, body)) return 401;
  if (isNew(headers.id)) handle(JSON.parse(body.toString()));
  return 204; // also for a duplicate, which is acknowledged again
}

const server = createServer(async (req, res) => {
  const status = await receive(req).catch(() => 500);
  res.writeHead(status, status === 413 ? { connection: 'close' } : {}).end();
});
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
