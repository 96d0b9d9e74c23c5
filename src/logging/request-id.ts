import { randomUUID } from 'node:crypto';

/** UUIDs, ULIDs and what proxies and tracing systems make (`1-67891233-abcdef012345678912345678`) fit. */
const REQUEST_ID = /^[\w.:=+-]{1,128}$/;

/** The id that a client or a proxy has given a request, or else a new one. It goes into headers and logs as it is. */
export function requestIdFrom(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : randomUUID();
}
