/** One day. Longer waits are shortened, because they would overflow timers and the `Int` of GraphQL. */
const LONGEST_SECONDS = 86_400;

/** The three forms of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime, which names no time zone and means UTC. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? [\w -]{6,20} \d{2}:\d{2}:\d{2} (?:GMT|\d{4})$/;

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3), or one of the same form. The longest of several waits counts.
 * @returns whole seconds from 1 to a day; undefined when the header is invalid or asks for no wait (0, a date in the past).
 */
export function readRetryAfter(
  header: string | readonly string[] | undefined,
  now = Date.now(),
): number | undefined {
  const longest = Math.max(0, ...[header ?? []].flat().map((value) => secondsOf(value.trim(), now)));
  return longest === 0 ? undefined : Math.min(Math.ceil(longest), LONGEST_SECONDS);
}

function secondsOf(value: string, now: number): number {
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value);
  if (!HTTP_DATE.test(value)) return 0;
  const at = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(at) ? 0 : (at - now) / 1_000;
}
