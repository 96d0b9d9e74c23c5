import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendNodeResponse } from '@whatwg-node/server';
import type { Logger } from 'pino';
import { withoutCredentialsOf } from '../observability/logging/credentials.ts';
import { requestIdFrom } from '../observability/logging/request-id.ts';
import { createRequestScope, forRequest } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { sendStream, streamedBodyOf } from './stream-body.ts';

export interface ListenerOptions {
  /** Yoga under node:http. The two of Node are in the context as well, where its own listener puts them. */
  readonly answer: (
    req: IncomingMessage,
    res: ServerResponse,
    context: object,
  ) => Promise<Response> | Response;
  readonly scrub: Scrubber;
  /** For how long nothing may move of a body that is streamed. @default 30 000 */
  readonly streamStallMs?: number | undefined;
  readonly logger: Logger;
}

/**
 * Answers requests by Yoga. Each gets an id, the client's own if it is one, which the answer names.
 *
 * Yoga's own listener does the same but for this: what a hook or a header throws, past all masking, it would answer with
 * the stack and write to the console.
 */
export function createListener({ answer, scrub, streamStallMs, logger }: ListenerOptions): RequestListener {
  return (req, res) => {
    const withoutCredentials = withoutCredentialsOf(req.headers);
    const requestId = requestIdFrom(req.headers['x-request-id'], (id) => scrub(withoutCredentials(id)));
    res.setHeader('x-request-id', requestId);
    void forRequest(createRequestScope(requestId, withoutCredentials), async () => {
      try {
        const response = await answer(req, res, { req, res });
        const body = streamedBodyOf(res);
        if (body === undefined) await sendNodeResponse(response, res, req, true);
        else await sendStream(response, body, res, { stallMs: streamStallMs });
      } catch (error) {
        const body = streamedBodyOf(res);
        body?.destroy();
        if (body !== undefined && res.headersSent) {
          // Who has left knows it. Otherwise the cause was told where the body comes from, or nothing has moved.
          const name = error instanceof Error ? error.name : typeof error;
          return logger.info({ name }, 'a document was not sent whole');
        }
        logger.error({ err: error }, 'a request could not be answered');
        if (res.headersSent) res.destroy();
        else res.writeHead(500, { 'content-type': 'application/json' }).end(failure(requestId));
      }
    });
  };
}

function failure(requestId: string): string {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', requestId };
  return JSON.stringify({ errors: [{ message: 'Unexpected error.', extensions }] });
}
