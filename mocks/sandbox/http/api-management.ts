import { DEFAULT_ISSUER, callerAddress, isAllowed, unrestrictedKey } from '../model/issuers.ts';
import type { ApiKey, Issuer } from '../model/issuers.ts';
import type { Answer } from './problems.ts';
import { gatewayError } from './problems.ts';
import type { Store } from '../model/store.ts';
import type { World } from '../model/world.ts';

export interface RateLimit {
  /** Maximum calls per key in any window. */
  readonly calls: number;
  readonly windowMs: number;
}

export const SERVICE_RATE_LIMIT: RateLimit = { calls: 150, windowMs: 5_000 };

/** The parts of a request that the API gateway checks. */
export interface GatewayCall {
  readonly operationId: string;
  readonly apiKey: string | undefined;
  readonly forwardedFor: string | undefined;
  readonly remoteAddress: string;
  /** The parsed JSON body. */
  readonly json: unknown;
}

/** The decision on a call: headers for its response, and either its key or the refusal. */
export type AccessDecision = { readonly headers: Readonly<Record<string, string>> } & (
  | { readonly refusal: Answer }
  | { readonly refusal?: never; readonly issuer: Issuer; readonly environment: ApiKey['environment'] }
);

/**
 * The API gateway in front of the service: checks keys, testers and addresses, and limits calls per key in a sliding
 * window. Calls that it refuses for another reason do not count.
 */
export class ApiManagement {
  readonly #world: World;
  readonly #rateLimit: RateLimit | false;
  /** Times of the calls in the current window by key, oldest first. A reset or restore clears them. */
  readonly #windows = new WeakMap<Store, Map<string, number[]>>();

  /** @param rateLimit false disables the limit */
  constructor(world: World, rateLimit: RateLimit | false) {
    this.#world = world;
    this.#rateLimit = rateLimit;
  }

  check(call: GatewayCall): AccessDecision {
    const { apiKey } = call;
    if (apiKey === undefined || apiKey === '') return refuse(401, MISSING_KEY);
    const key = keyOf(this.#world, apiKey);
    const issuer = key && this.#world.store.issuers.get(key.issuerId);
    if (key?.status !== 'active' || issuer === undefined) return refuse(401, INVALID_KEY);
    if (!isForTester(call, key)) return refuse(403, 'Forbidden');
    if (!isAllowed(key.cidrs, callerAddress(call.forwardedFor, call.remoteAddress))) {
      return refuse(403, 'Forbidden');
    }
    const { headers, refusal } =
      this.#rateLimit === false ? { headers: {} } : this.#count(apiKey, this.#rateLimit);
    if (refusal !== undefined) return { headers, refusal };
    return { headers, issuer, environment: key.environment };
  }

  #count(
    apiKey: string,
    { calls: maxCalls, windowMs }: RateLimit,
  ): { headers: Record<string, string>; refusal?: Answer } {
    const now = this.#world.clock.now();
    const calls = this.#callsInWindow(apiKey, now, windowMs);
    const oldest = calls[0];
    if (oldest !== undefined && calls.length >= maxCalls) {
      const seconds = Math.max(1, Math.ceil((oldest + windowMs - now) / 1_000));
      return {
        headers: { 'x-rate-limit-remaining': '0', 'x-rate-limit-retry-after': String(seconds) },
        refusal: gatewayError(429, `Rate limit is exceeded. Try again in ${seconds} seconds.`),
      };
    }
    calls.push(now);
    return { headers: { 'x-rate-limit-remaining': String(maxCalls - calls.length) } };
  }

  #callsInWindow(apiKey: string, now: number, windowMs: number): number[] {
    const { store } = this.#world;
    const windows = this.#windows.get(store) ?? new Map<string, number[]>();
    this.#windows.set(store, windows);
    const calls = (windows.get(apiKey) ?? []).filter((time) => now - time < windowMs && time <= now);
    windows.set(apiKey, calls);
    return calls;
  }
}

function refuse(status: number, message: string): AccessDecision {
  return { headers: {}, refusal: gatewayError(status, message) };
}

function keyOf({ store }: World, apiKey: string): ApiKey | undefined {
  if (store.keys.size > 0) return store.keys.get(apiKey);
  return store.issuers.has(DEFAULT_ISSUER.id) ? unrestrictedKey(apiKey) : undefined;
}

/** Test keys can look up the testers of the institution only. */
function isForTester({ operationId, json }: GatewayCall, key: ApiKey): boolean {
  if (operationId !== 'getSignerByFiscalCode' || key.environment !== 'test') return true;
  const isObject = typeof json === 'object' && json !== null && 'fiscal_code' in json;
  return isObject && key.testers.includes(String(json.fiscal_code));
}

const MISSING_KEY =
  'Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.';
const INVALID_KEY =
  'Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.';
