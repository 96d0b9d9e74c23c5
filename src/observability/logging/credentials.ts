import type { IncomingHttpHeaders } from 'node:http';
import { withoutValues } from './scrubber.ts';
import type { Scrubber } from './scrubber.ts';

/**
 * Takes out of a text what a client has shown who it is by. The gateway knows keys of callers by their hash alone, but
 * whatever it writes while it serves somebody can be held against what they sent.
 */
export function withoutCredentialsOf(headers: IncomingHttpHeaders): Scrubber {
  const { authorization = '', 'x-api-key': keys = [] } = headers;
  // Two headers of one name are joined with a comma. The scheme is too short to count.
  const credentials = [authorization, ...[keys].flat()].flatMap((header) => header.split(/[\s,]+/));
  if (credentials.every((text) => text === '')) return (text) => text;
  let scrubber: Scrubber | undefined;
  return (text) => (scrubber ??= withoutValues(credentials))(text);
}
