import type { IncomingMessage } from 'node:http';
import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { clientNetwork } from './client-address.ts';
import type { TrustedProxies } from './client-address.ts';
import { RefusalError } from './error-response.ts';
import type { Refusal } from './error-response.ts';

export interface RateLimitOptions {
  readonly requestsPerMinute: number;
  readonly proxies: TrustedProxies;
  readonly counts: RequestCounts;
}

/** The requests of each client in a minute, which begins with its first request. */
export interface RequestCounts {
  /** Counts a request. @returns 0 within the limit, and beyond it the milliseconds until the minute ends */
  take(key: string): number | Promise<number>;
  /** Takes back a request that was counted. */
  giveBack(key: string): void;
}

export const MINUTE_MS = 60_000;

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

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Counts a request for its address, before anything of it is read. */
  takeForAddress(req: IncomingMessage): Excess | undefined | Promise<Excess | undefined> {
    return this.#take(limitKey(req, undefined, this.#options.proxies));
  }

  /** Counts a request for its caller instead of its address, which several callers may share. */
  takeForCaller(req: IncomingMessage, caller: Caller): Excess | undefined | Promise<Excess | undefined> {
    const key = authenticatedKey(caller);
    if (key === undefined) return undefined;
    const { counts, proxies } = this.#options;
    counts.giveBack(limitKey(req, undefined, proxies));
    return this.#take(key);
  }

  #take(key: string): Excess | undefined | Promise<Excess | undefined> {
    const waitMs = this.#options.counts.take(key);
    return typeof waitMs === 'number' ? this.#excessOf(waitMs) : waitMs.then((ms) => this.#excessOf(ms));
  }

  #excessOf(waitMs: number): Excess | undefined {
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

/** @throws {RefusalError} */
export function refuseExcess(excess: Excess | undefined): void {
  if (excess !== undefined) throw new RefusalError(excessRefusal(excess));
}
