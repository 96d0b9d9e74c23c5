import { expect, test } from 'vitest';
import { detectChange, initialState } from '../../../src/webhooks/messages.ts';
import type { ReportedState } from '../../../src/webhooks/messages.ts';
import { requestIn } from '../watching/support-service.ts';

const NOW = Date.parse('2026-03-05T10:00:00.000Z');
const KEY = { tenant: undefined, id: 'a' };
const NOTIFICATION = { notification: { io_message_id: 'm' } };
const at = (minute: number) => ({ updated_at: `2026-03-05T09:${minute}:00.000Z` });
const initial = initialState(requestIn('DRAFT'), NOW);

function typesAfter(reported: ReportedState, ...request: Parameters<typeof requestIn>): string[] {
  const change = detectChange(KEY, reported, requestIn(...request), NOW);
  return (change?.messages ?? []).map(({ type }) => type.replace('io.sign.signature_request.', ''));
}
const reportedOf = (...request: Parameters<typeof requestIn>): ReportedState =>
  detectChange(KEY, initial, requestIn(...request), NOW)?.reported ?? initial;

test('each status has an event type, including an unknown one', () => {
  for (const status of ['READY', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'REJECTED', 'CANCELLED', 'WAIT_FOR_QTSP'])
    expect(typesAfter(initial, status)).toEqual([status.toLowerCase()]);
  expect(typesAfter(initial, 'DRAFT')).toEqual([]);
});

test('a reported state is not reported again, and an older one never', () => {
  const waiting = reportedOf('WAIT_FOR_SIGNATURE', at(20));
  expect(typesAfter(waiting, 'WAIT_FOR_SIGNATURE', at(21))).toEqual([]);
  expect(typesAfter(waiting, 'READY', at(19))).toEqual([]);
  expect(typesAfter(waiting, 'DRAFT', at(20))).toEqual([]);
  expect(typesAfter(waiting, 'SIGNED', at(22))).toEqual(['signed']);
});

test('a notification is reported once, after its status and before a final one', () => {
  expect(typesAfter(initial, 'WAIT_FOR_SIGNATURE', NOTIFICATION)).toEqual([
    'wait_for_signature',
    'notification.sent',
  ]);
  expect(typesAfter(reportedOf('WAIT_FOR_SIGNATURE'), 'SIGNED', NOTIFICATION)).toEqual([
    'notification.sent',
    'signed',
  ]);
  expect(typesAfter(reportedOf('WAIT_FOR_SIGNATURE', NOTIFICATION), 'SIGNED', NOTIFICATION)).toEqual([
    'signed',
  ]);
});

test('the id of an event is the same in every gateway, and unique', () => {
  const idsOf = (key: Parameters<typeof detectChange>[0], status: string, now = NOW): string[] =>
    (detectChange(key, initial, requestIn(status, NOTIFICATION), now)?.messages ?? []).map(({ id }) => id);
  const ids = idsOf(KEY, 'WAIT_FOR_SIGNATURE');
  expect(idsOf(KEY, 'WAIT_FOR_SIGNATURE', NOW + 5_000)).toEqual(ids);
  const others = [
    ...idsOf(KEY, 'SIGNED').slice(1),
    ...idsOf({ ...KEY, id: 'b' }, 'SIGNED'),
    ...idsOf({ ...KEY, tenant: 'alfa' }, 'SIGNED'),
  ];
  expect(new Set([...ids, ...others]).size).toBe(7);
  // The signed content separates it by dots.
  for (const id of ids) expect(id).toMatch(/^msg_[\w-]{32}$/);
});

test('the timestamp of an event is that of the service, or the time of detection', () => {
  const timeOf = (status: string, wire: object): unknown =>
    JSON.parse(detectChange(KEY, initial, requestIn(status, wire), NOW)?.messages.at(-1)?.body ?? '')
      .timestamp;
  expect(timeOf('SIGNED', { signed_at: '2026-03-05T09:30:00.000Z' })).toBe('2026-03-05T09:30:00.000Z');
  expect(timeOf('WAIT_FOR_SIGNATURE', {})).toBe('2026-03-05T10:00:00.000Z');
});

test('a body contains ids and statuses only', () => {
  const [message] =
    detectChange(
      KEY,
      initial,
      requestIn('REJECTED', { reject_reason: 'why', qr_code_url: 'https://qr' }),
      NOW,
    )?.messages ?? [];
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
