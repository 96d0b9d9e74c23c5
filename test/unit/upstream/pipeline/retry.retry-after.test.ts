import { afterEach, expect, test, vi } from 'vitest';
import { readRetryAfter } from '../../../../src/upstream/pipeline/retry.ts';

const NOW = Date.UTC(2026, 10, 29, 8, 0, 0);
const A_DAY = 86_400;

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each<[string | string[] | undefined, number | undefined]>([
  // No wait, or nothing that can be read.
  [undefined, undefined],
  [[], undefined],
  ['', undefined],
  ['   ', undefined],
  ['0', undefined],
  ['00', undefined],
  ['0.0', undefined],
  ['-1', undefined],
  ['-9999999999', undefined],
  ['+5', undefined],
  ['1e3', undefined],
  ['0x10', undefined],
  ['5 seconds', undefined],
  ['PT5S', undefined],
  ['soon', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['١٢', undefined],
  // Seconds.
  ['1', 1],
  [' 7 ', 7],
  ['007', 7],
  ['0.2', 1],
  ['1.5', 2],
  ['3600', 3_600],
  ['86400', A_DAY],
  ['86401', A_DAY],
  ['9999999', A_DAY],
  ['1234567890', A_DAY],
  ['9'.repeat(30), A_DAY],
  ['9'.repeat(400), A_DAY],
  // Dates: IMF-fixdate, RFC 850, asctime.
  ['Sun, 29 Nov 2026 08:00:01 GMT', 1],
  ['Sun, 29 Nov 2026 09:00:00 GMT', 3_600],
  ['Sunday, 29-Nov-26 09:00:00 GMT', 3_600],
  ['Sun Nov 29 09:00:00 2026', 3_600],
  ['Sun Nov  1 09:00:00 2026', undefined],
  ['Tue Dec  1 07:00:00 2026', A_DAY],
  ['Wed, 29 Nov 2028 08:00:00 GMT', A_DAY],
  // The day of the week is not checked.
  ['Mon, 29 Nov 2026 09:00:00 GMT', 3_600],
  // Dates in the past, and this moment.
  ['Sun, 29 Nov 2026 08:00:00 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:37 GMT', undefined],
  ['Sunday, 06-Nov-94 08:49:37 GMT', undefined],
  ['Sun Nov  6 08:49:37 1994', undefined],
  // Forms of dates that HTTP does not have.
  ['2026-11-29T09:00:00Z', undefined],
  ['29 Nov 2026 09:00:00 GMT', undefined],
  ['Sun, 29 Nov 2026 25:61:61 GMT', undefined],
  ['Sun, 99 Nov 2026 09:00:00 GMT', undefined],
  ['Sun, 29 Nov 2026 09:00:00 +0100', undefined],
  // Several headers: the longest wait.
  [['5', '60'], 60],
  [['60', '5'], 60],
  [['soon', '5'], 5],
  [['0', 'soon'], undefined],
  [['5', 'Sun, 29 Nov 2026 09:00:00 GMT'], 3_600],
  ['5, 60', undefined],
])('reads %j as %j', (header, seconds) => {
  expect(readRetryAfter(header, NOW)).toBe(seconds);
});

test('a date without a time zone is in UTC', () => {
  vi.stubEnv('TZ', 'America/New_York');
  expect(new Date(NOW).getHours()).toBe(3); // the variable has an effect
  expect(readRetryAfter('Sun Nov 29 09:00:00 2026', NOW)).toBe(3_600);
});

test('a wait that starts within a second is not shortened', () => {
  expect(readRetryAfter('Sun, 29 Nov 2026 08:00:02 GMT', NOW + 1)).toBe(2);
});
