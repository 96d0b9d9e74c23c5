import type { Plugin } from 'graphql-yoga';
import type { Caller } from '../auth/caller.ts';
import { admit, refusalOf } from '../http/authentication.ts';
import type { AdmissionOptions } from '../http/authentication.ts';
import { checkOrigin } from '../http/cors.ts';
import { RefusalError } from '../http/error-response.ts';

/** The authenticated caller of each request. */
const callers = new WeakMap<Request, Caller>();

/** @throws {RefusalError} for a request that `useAdmission` has not admitted, so that no mistake lets one pass. */
export function callerOf(request: Request): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new RefusalError(refusalOf('missing'));
  return caller;
}

export interface AdmissionPluginOptions extends AdmissionOptions {
  /** Origins besides the gateway's own whose pages may send operations. */
  readonly origins: readonly string[];
}

/** Refuses operations of foreign web pages and of unauthenticated clients, before anything of the body is read. */
export function useAdmission(options: AdmissionPluginOptions): Plugin {
  return {
    async onRequestParse({ request }) {
      checkOrigin(request.headers, options.origins);
      callers.set(request, await admit(request.headers, options));
    },
  };
}
