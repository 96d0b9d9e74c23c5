import { value } from './codec.ts';

const FORM = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * Date and time to the second, decoded to milliseconds since the epoch. A fraction of any length is cut to
 * milliseconds; no zone means the service's own, which is UTC; a day that its month lacks rolls over.
 */
export const timestamp = value('UTCISODateFromString', (input) => {
  const match = typeof input === 'string' ? FORM.exec(input) : null;
  if (match === null) return undefined;
  const [, seconds, fraction = '.0', zone = 'Z'] = match;
  const time = Date.parse(`${seconds}${fraction.slice(0, 4)}${zone}`);
  return Number.isNaN(time) ? undefined : time;
});
