import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { requestIdFrom } from '../observability/logging/request-id.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';

/** The parts of a URI's authority that servers are sent: RFC 9110, section 7.2, and RFC 3986, section 3.2. */
const HOST = /^(?:[\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

export interface ReadableAddressOptions {
  readonly scrub: Scrubber;
  readonly logger: Logger;
}

/**
 * Lets requests past whose address can be read, and answers the others with 400 (RFC 9112, section 3.2). Everything
 * behind it makes a URL of `Host` and target by putting one before the other, which throws for some, and for others
 * leads to an address that nobody has sent.
 *
 * A target that is a whole URL is taken apart: its name counts, whatever `Host` says.
 */
export function withReadableAddress(
  handler: RequestListener,
  { scrub, logger }: ReadableAddressOptions,
): RequestListener {
  return (req, res) => {
    const address = addressOf(req);
    if (address === undefined) {
      const requestId = requestIdFrom(req.headers['x-request-id'], scrub);
      const facts = { outcome: 'refused', errors: [CODE], status: STATUS };
      logger.info({ requestId, method: req.method, ...facts }, 'request');
      return refuse(req, res, requestId);
    }
    req.url = address.target;
    if (address.host !== undefined) req.headers.host = address.host;
    handler(req, res);
  };
}

const STATUS = 400;
const CODE = 'BAD_REQUEST';

function refuse(req: IncomingMessage, res: ServerResponse, requestId: string): void {
  const message =
    'The address of the request cannot be read: its target or its Host is not as HTTP wants it.';
  const body = JSON.stringify({ errors: [{ message, extensions: { code: CODE, requestId } }] });
  res.writeHead(STATUS, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
}

interface Address {
  readonly host: string | undefined;
  readonly target: string;
}

function addressOf(req: IncomingMessage): Address | undefined {
  const { url: target = '', httpVersion, headers } = req;
  const { host } = headers;
  // Empty is allowed to those who do not know the name, absent before HTTP/1.1.
  if (host === undefined && httpVersion === '1.1') return undefined;
  if (host !== undefined && host !== '' && !HOST.test(host)) return undefined;
  if (target.startsWith('/')) {
    return URL.canParse(`http://${host || 'gateway'}${target}`) ? { host, target } : undefined;
  }
  const url = URL.parse(target);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined;
  return { host: url.host, target: `${url.pathname}${url.search}` };
}
