/** A moment in UTC with milliseconds, `2026-06-30T21:59:59.000Z`: the form of the schema. Such texts sort by time. */
export type Timestamp = `${number}-${string}Z`;

/** What the service sends. Days that not every month has are left to `Date`. */
const SENT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
/** RFC 3339 has the years 0 to 9999 only. */
const FOUR_DIGITS = /^\d{4}-/;

/** Undefined for a text that `Date` cannot read. */
export function readTimestamp(text: string): Timestamp | undefined {
  if (isIn(SENT, text)) return text;
  const date = new Date(text);
  const inUtc = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return isIn(FOUR_DIGITS, inUtc) ? inUtc : undefined;
}

function isIn(form: RegExp, text: string): text is Timestamp {
  return form.test(text);
}
