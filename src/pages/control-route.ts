import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { roleOf } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { NodeHeaders } from '../auth/headers.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import type { Answer, Route, Refusal } from '../http/answer.ts';
import { checkOrigin } from '../http/cors.ts';
import { errorAnswer, RefusalError } from '../http/answer.ts';

export interface ControlOptions {
  /** The origin of the sandbox. */
  readonly sandbox: string;
  /** @throws {RefusalError} */
  readonly admit: (headers: RequestHeaders) => Promise<Caller>;
  /** Aborted when the client leaves, and at the end of a shutdown. */
  readonly signalOf: (req: IncomingMessage) => AbortSignal;
}

const FORBIDDEN: Refusal = {
  status: 403,
  code: 'FORBIDDEN',
  message: 'Only operators may use the control API of the sandbox.',
};
const UNAVAILABLE: Refusal = {
  status: 502,
  code: 'SANDBOX_UNAVAILABLE',
  message: 'The sandbox did not answer. Check whether it runs.',
};

/**
 * Passes `/_sandbox` on to the control API of the sandbox, for the workbench, whose policy permits connections to its own
 * origin only. Web pages of other origins are refused, whatever `CORS_ORIGINS` lists.
 */
export function controlRoute({ sandbox, admit, signalOf }: ControlOptions): Route {
  return async ({ req, url }) => {
    if (url.pathname !== '/_sandbox' && !url.pathname.startsWith('/_sandbox/')) return undefined;
    const headers = new NodeHeaders(req.headers);
    try {
      checkOrigin(headers, []);
      if (roleOf(await admit(headers)) !== 'operator') throw new RefusalError(FORBIDDEN);
    } catch (failure) {
      if (failure instanceof RefusalError) return errorAnswer(failure);
      throw failure;
    }
    const target = new URL(url.pathname + url.search, sandbox);
    return pass(req, target, signalOf(req)).catch(() => errorAnswer(UNAVAILABLE));
  };
}

/** Sends the request on, and returns the answer as a stream. @throws when the sandbox cannot be reached. */
async function pass(req: IncomingMessage, target: URL, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const forwarded = httpRequest(target, {
    method: req.method ?? 'GET',
    headers: { 'content-type': req.headers['content-type'] ?? 'application/json' },
    signal,
  });
  forwarded.on('response', resolve).on('error', reject);
  req.pipe(forwarded);
  const answer = await promise;
  return {
    status: answer.statusCode ?? 502,
    headers: { 'content-type': answer.headers['content-type'] ?? 'application/json' },
    body: answer,
  };
}
