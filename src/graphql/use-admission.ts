import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Caller } from '../auth/caller.ts';
import { refusalOf } from '../http/authentication.ts';
import { nodeRequest } from '../http/client-address.ts';
import { RefusalError } from '../http/error-response.ts';
import { NodeHeaders } from '../auth/headers.ts';
import type { RequestHeaders } from '../auth/headers.ts';

/** The authenticated caller of each request. */
const callers = new WeakMap<Request, Caller>();

/** @throws {RefusalError} for a request that `useAdmission` has not admitted, so that no mistake lets one pass. */
export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new RefusalError(refusalOf('missing'));
  return caller;
}

export interface AdmissionOptions {
  /** @throws {RefusalError} */
  readonly admit: (headers: RequestHeaders) => Promise<Caller>;
  /** The caller of a request that has been admitted before. */
  readonly admittedBefore: (req: IncomingMessage) => Caller | undefined;
}

/** Refuses operations of foreign web pages and of unauthenticated clients, before anything of the body is read. */
export function useAdmission({ admit, admittedBefore }: AdmissionOptions): Plugin {
  return {
    async onRequestParse({ request, serverContext }) {
      const req = nodeRequest(serverContext);
      if (req === undefined) throw new TypeError('Yoga runs without node:http');
      callers.set(request, admittedBefore(req) ?? (await admit(new NodeHeaders(req.headers))));
    },
  };
}
