import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { readSecret, signedHeaders } from '../../../src/webhooks/endpoints.ts';
import { OTHER_SECRET, SECRET } from '../../support/webhook-receiver.ts';

function keyOf(text: string) {
  const key = readSecret(text);
  if (key === undefined) throw new TypeError('no secret');
  return key;
}

const secretOf = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`;

test('signs the example of the specification as specified', () => {
  const body = '{"test": 2432232314}';
  const parts = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body };
  expect(signedHeaders([keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')], parts)).toEqual({
    'webhook-id': parts.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a signature with several secrets can be verified with each of them, and with no other', () => {
  const body = JSON.stringify({ text: 'più “€”' });
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = signedHeaders([keyOf(SECRET), keyOf(OTHER_SECRET)], { id: 'msg_1', timestamp, body });
  expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
  for (const secret of [SECRET, OTHER_SECRET])
    expect(new Webhook(secret).verify(body, headers)).toEqual({ text: 'più “€”' });
  expect(() => new Webhook(secretOf(24)).verify(body, headers)).toThrow('No matching signature found');
  expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow('No matching signature found');
});

test('a secret has 24 to 64 bytes in base64, and is not printed', () => {
  for (const bytes of [24, 25, 26, 64]) expect(readSecret(secretOf(bytes))).toBeDefined();
  const [plain, unpadded] = [SECRET.slice(6), secretOf(25).replaceAll('=', '')];
  for (const text of [secretOf(23), secretOf(65), plain, unpadded, 'whsec_', '', `${SECRET}\n`, ` ${SECRET}`])
    expect(readSecret(text), text).toBeUndefined();
  const key = keyOf(SECRET);
  expect(inspect(key) + JSON.stringify(key)).not.toContain(plain.slice(0, 8));
});
