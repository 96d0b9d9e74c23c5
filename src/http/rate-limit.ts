import type { IncomingMessage } from 'node:http';
import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { clientNetwork } from './client-address.ts';
import type { TrustedProxies } from './client-address.ts';
import { RefusalError } from './answer.ts';
import type { Refusal } from './answer.ts';

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

interface Window {
  count: number;
  readonly endsAt: number;
}

/** Events that were counted in advance. */
export interface Lease {
  readonly events: number;
  /** Until the window ends. */
  readonly ms: number;
}

/** Large enough that leasing costs little. */
const LEASE_PART = 1 / 100;

/**
 * Counts events by key, in windows of fixed length that begin with the first event of a key. Keys whose windows have ended
 * are removed once per window, as a new key appears.
 */
export class FixedWindows {
  readonly #limit: number;
  readonly #lengthMs: number;
  readonly #windows = new Map<string, Window>();
  #sweepAt = 0;

  constructor(limit: number, lengthMs: number) {
    this.#limit = limit;
    this.#lengthMs = lengthMs;
  }

  /** Counts an event. @returns 0 within the limit, and beyond it the milliseconds until the window ends */
  take(key: string): number {
    const now = performance.now();
    const window = this.#windowOf(key, now);
    window.count += 1;
    return window.count > this.#limit ? window.endsAt - now : 0;
  }

  /**
   * Counts up to a hundredth of the limit at once, for another process.
   * @returns how many events it may count by itself, 0 beyond the limit, and the milliseconds until the window ends
   */
  lease(key: string): Lease {
    const now = performance.now();
    const window = this.#windowOf(key, now);
    const events = Math.max(0, Math.min(this.#limit - window.count, Math.ceil(this.#limit * LEASE_PART)));
    window.count += events;
    return { events, ms: window.endsAt - now };
  }

  /** Takes back an event that was counted. */
  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window !== undefined && window.count > 0) window.count -= 1;
  }

  #windowOf(key: string, now: number): Window {
    const current = this.#windows.get(key);
    if (current !== undefined && current.endsAt > now) return current;
    this.#sweep(now);
    const window = { count: 0, endsAt: now + this.#lengthMs };
    this.#windows.set(key, window);
    return window;
  }

  #sweep(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + this.#lengthMs;
    for (const [key, { endsAt }] of this.#windows) if (endsAt <= now) this.#windows.delete(key);
  }
}
