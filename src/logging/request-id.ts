import { randomUUID } from 'node:crypto';

/** UUIDs, ULIDs and what proxies and tracing systems make (`1-67891233-abcdef012345678912345678`) fit. */
const REQUEST_ID = /^[\w.:=+-]{1,128}$/;

/** The outline of a fiscal code, wherever it stands: somebody may take one for an id, and it would be in every log. */
const FISCAL_CODE = /[A-Z]{6}[\dLMNP-V]{2}[A-Z][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]/i;

/** The id that a client or a proxy has given a request, or else a new one. It goes into headers and logs as it is. */
export function requestIdFrom(header: string | readonly string[] | undefined): string {
  const isUsable = typeof header === 'string' && REQUEST_ID.test(header) && !FISCAL_CODE.test(header);
  return isUsable ? header : randomUUID();
}
