import type { IncomingMessage } from 'node:http';
import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { clientNetwork } from './client-address.ts';
import type { TrustedProxies } from './client-address.ts';
import type { Refusal } from './error-response.ts';
import { FixedWindows } from './fixed-windows.ts';

export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  readonly proxies: TrustedProxies;
}

/** A rate limit that is exceeded. */
export interface Excess {
  /** How long the client should wait before it retries. */
  readonly seconds: number;
  readonly message: string;
}

/** The key that counts an authenticated caller. */
function authenticatedKey(caller: Caller | undefined): string | undefined {
  return caller === undefined || caller.kind === 'none' ? undefined : `caller ${callerKey(caller)}`;
}

/** The key that counts a client: its caller, or its address without authentication. */
export function limitKey(req: IncomingMessage, caller: Caller | undefined, proxies: TrustedProxies): string {
  return authenticatedKey(caller) ?? `address ${clientNetwork(req, proxies)}`;
}

/** A per-caller rate limit for all requests. Each method counts one request; it returns undefined within the limit. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #windows: FixedWindows;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#windows = new FixedWindows(options.requestsPerMinute, 60_000);
  }

  /** Counts a request for its address, before anything of it is read. */
  takeForAddress(req: IncomingMessage): Excess | undefined {
    return this.#take(limitKey(req, undefined, this.#options.proxies));
  }

  /** Counts a request for its caller instead of its address, which several callers may share. */
  takeForCaller(req: IncomingMessage, caller: Caller): Excess | undefined {
    const key = authenticatedKey(caller);
    if (key === undefined) return undefined;
    this.#windows.giveBack(limitKey(req, undefined, this.#options.proxies));
    return this.#take(key);
  }

  #take(key: string): Excess | undefined {
    const waitMs = this.#windows.take(key);
    if (waitMs === 0) return undefined;
    const seconds = Math.ceil(waitMs / 1000);
    const limit = this.#options.requestsPerMinute.toLocaleString('en');
    return { seconds, message: `More than ${limit} requests in a minute. Try again in ${seconds} s.` };
  }
}

export const excessRefusal = ({ seconds, message }: Excess): Refusal => ({
  status: 429,
  code: 'TOO_MANY_REQUESTS',
  message,
  headers: { 'retry-after': String(seconds) },
});
