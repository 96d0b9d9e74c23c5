import { expect, test } from 'vitest';
import { isFinal, isLater, readOf } from '../../../src/watching/changes.ts';
import type { StatusRead } from '../../../src/watching/changes.ts';
import { documentIn, requestIn } from './support-service.ts';

const stateOf = (status: string, change: object = {}): string => readOf(requestIn(status, change), 0).state;
const signedWith = (signature: string): string =>
  stateOf('SIGNED', { documents: [documentIn('READY', { url: `https://blob/signed/1?sig=${signature}` })] });

test('a link with a new signature is not a change', () => {
  expect(signedWith('abc')).toBe(signedWith('def'));
});

test.each([
  ['the status', { status: 'READY' }],
  ['the notification', { notification: { io_message_id: 'm' } }],
  ['the QR code', { qr_code_url: 'https://qr' }],
  ['the reason of a rejection', { reject_reason: 'it failed' }],
  ['the status of a document', { documents: [documentIn('REJECTED')] }],
  [
    'a document that was uploaded again',
    { documents: [documentIn('READY', { uploaded_at: '2027-01-01T00:00:00Z' })] },
  ],
  ['an expiry that has passed', { expires_at: '2020-01-01T00:00:00Z' }],
])('%s is a change', (_, change) => {
  expect(stateOf('DRAFT', change)).not.toBe(stateOf('DRAFT'));
});

test('a request that expires has changed', () => {
  const soon = new Date(Date.now() + 40).toISOString();
  const before = stateOf('DRAFT', { expires_at: soon });
  return expect.poll(() => stateOf('DRAFT', { expires_at: soon })).not.toBe(before);
});

const EARLY = '2026-03-05T09:14:00.000Z';
const LATE = '2026-03-05T09:15:00.000Z';
const readAt = (startedAt: number, endedAt: number, change: object = {}): StatusRead => ({
  ...readOf(requestIn('READY', { updated_at: EARLY, ...change }), startedAt),
  endedAt,
});
const documentAt = (time: string): object => ({ documents: [documentIn('READY', { updated_at: time })] });

test.each([
  ['started after the other had ended', [20, 30, { updated_at: EARLY }], [0, 10, { updated_at: LATE }], true],
  ['started meanwhile and shows a later change', [5, 20, { updated_at: LATE }], [0, 10], true],
  ['started meanwhile and shows the same', [5, 20], [0, 10], true],
  ['started meanwhile and shows an earlier status', [5, 20], [0, 10, { updated_at: LATE }], false],
  [
    'started meanwhile and shows an earlier document',
    [5, 20, documentAt(EARLY)],
    [0, 10, documentAt(LATE)],
    false,
  ],
  [
    'started meanwhile and shows no notification',
    [5, 20],
    [0, 10, { notification: { io_message_id: 'm' } }],
    false,
  ],
  [
    'started meanwhile and shows a cancelled request, which has no notification',
    [5, 20, { updated_at: LATE }],
    [0, 10, { notification: { io_message_id: 'm' } }],
    true,
  ],
  ['started before and ended later', [0, 20], [5, 10], false],
] as const)(
  'whether a read is later: one that %s',
  (_, [from, to, change], [since, until, shows], expected) => {
    expect(isLater(readAt(from, to, change), readAt(since, until, shows))).toBe(expected);
  },
);

test('three statuses are final, and an unknown one is not', () => {
  const statuses = [
    'DRAFT',
    'READY',
    'WAIT_FOR_SIGNATURE',
    'SIGNED',
    'REJECTED',
    'CANCELLED',
    'SOMETHING_NEW',
  ];
  expect(statuses.filter((status) => isFinal({ status }))).toEqual(['SIGNED', 'REJECTED', 'CANCELLED']);
});
