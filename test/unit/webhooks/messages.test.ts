import { expect, test } from 'vitest';
import { newsOf, nothingTold } from '../../../src/webhooks/messages.ts';
import type { Told } from '../../../src/webhooks/messages.ts';
import { requestIn } from '../watching/support-service.ts';

const NOW = Date.parse('2026-03-05T10:00:00.000Z');
const KEY = { tenant: undefined, id: 'a' };
const NOTIFICATION = { notification: { io_message_id: 'm' } };
const at = (minute: number) => ({ updated_at: `2026-03-05T09:${minute}:00.000Z` });
const untold = nothingTold(requestIn('DRAFT'), NOW);

function typesAfter(told: Told, ...request: Parameters<typeof requestIn>): string[] {
  const news = newsOf(KEY, told, requestIn(...request), NOW);
  return (news?.messages ?? []).map(({ type }) => type.replace('io.sign.signature_request.', ''));
}
const toldOf = (...request: Parameters<typeof requestIn>): Told =>
  newsOf(KEY, untold, requestIn(...request), NOW)?.told ?? untold;

test('each status is told under its own name, also one that nobody has heard of', () => {
  for (const status of ['READY', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'REJECTED', 'CANCELLED', 'WAIT_FOR_QTSP'])
    expect(typesAfter(untold, status)).toEqual([status.toLowerCase()]);
  expect(typesAfter(untold, 'DRAFT')).toEqual([]);
});

test('what was told is not told again, and what is older is not told at all', () => {
  const waiting = toldOf('WAIT_FOR_SIGNATURE', at(20));
  expect(typesAfter(waiting, 'WAIT_FOR_SIGNATURE', at(21))).toEqual([]);
  expect(typesAfter(waiting, 'READY', at(19))).toEqual([]);
  expect(typesAfter(waiting, 'DRAFT', at(20))).toEqual([]);
  expect(typesAfter(waiting, 'SIGNED', at(22))).toEqual(['signed']);
});

test('a notification is told once, after the status that it came with and before the end', () => {
  expect(typesAfter(untold, 'WAIT_FOR_SIGNATURE', NOTIFICATION)).toEqual([
    'wait_for_signature',
    'notification.sent',
  ]);
  expect(typesAfter(toldOf('WAIT_FOR_SIGNATURE'), 'SIGNED', NOTIFICATION)).toEqual([
    'notification.sent',
    'signed',
  ]);
  expect(typesAfter(toldOf('WAIT_FOR_SIGNATURE', NOTIFICATION), 'SIGNED', NOTIFICATION)).toEqual(['signed']);
});

test('an event has the id that every gateway gives it, which no other event has', () => {
  const idsOf = (key: Parameters<typeof newsOf>[0], status: string, now = NOW): string[] =>
    (newsOf(key, untold, requestIn(status, NOTIFICATION), now)?.messages ?? []).map(({ id }) => id);
  const ids = idsOf(KEY, 'WAIT_FOR_SIGNATURE');
  expect(idsOf(KEY, 'WAIT_FOR_SIGNATURE', NOW + 5_000)).toEqual(ids);
  const others = [
    ...idsOf(KEY, 'SIGNED').slice(1),
    ...idsOf({ ...KEY, id: 'b' }, 'SIGNED'),
    ...idsOf({ ...KEY, tenant: 'alfa' }, 'SIGNED'),
  ];
  expect(new Set([...ids, ...others]).size).toBe(7);
  // It stands between dots where it is signed.
  for (const id of ids) expect(id).toMatch(/^msg_[\w-]{32}$/);
});

test('the time of an event is the one that the service gives, or else when it was found', () => {
  const timeOf = (status: string, wire: object): unknown =>
    JSON.parse(newsOf(KEY, untold, requestIn(status, wire), NOW)?.messages.at(-1)?.body ?? '').timestamp;
  expect(timeOf('SIGNED', { signed_at: '2026-03-05T09:30:00.000Z' })).toBe('2026-03-05T09:30:00.000Z');
  expect(timeOf('WAIT_FOR_SIGNATURE', {})).toBe('2026-03-05T10:00:00.000Z');
});

test('a body has ids and statuses and nothing else', () => {
  const [message] =
    newsOf(KEY, untold, requestIn('REJECTED', { reject_reason: 'why', qr_code_url: 'https://qr' }), NOW)
      ?.messages ?? [];
  expect(JSON.parse(message?.body ?? '')).toEqual({
    type: 'io.sign.signature_request.rejected',
    timestamp: '2026-03-05T10:00:00.000Z',
    data: {
      id: 'a',
      dossierId: 'd',
      signerId: 's',
      status: 'REJECTED',
      documents: [{ id: 'document', status: 'READY' }],
    },
  });
});
