import { randomUUID } from 'node:crypto';
import type { Scrubber } from './scrubber.ts';

/** UUIDs, ULIDs and what proxies and tracing systems make (`1-67891233-abcdef012345678912345678`) fit. */
const REQUEST_ID = /^[\w.:=+-]{1,128}$/;

/**
 * The id that a client or a proxy has given a request, or else a new one. It goes into headers and logs as it is, so one
 * that `scrub` finds something in is not taken.
 */
export function requestIdFrom(header: string | readonly string[] | undefined, scrub: Scrubber): string {
  if (typeof header !== 'string' || !REQUEST_ID.test(header)) return randomUUID();
  return scrub(header) === header ? header : randomUUID();
}
