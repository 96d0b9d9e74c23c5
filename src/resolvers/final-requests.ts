import { LRUCache } from 'lru-cache';
import type { GatewayEvents } from '../observability/events.ts';
import type { SignatureRequest } from '../upstream/decode.ts';
import { isFinal } from '../watching/changes.ts';

/**
 * How long a SIGNED request is kept. Each read of the service creates download URLs that are valid for 5 minutes (see
 * `getSignatureRequest`), so those of a kept request are valid for at least 4 minutes more.
 */
const SIGNED_MS = 60_000;

interface Kept {
  readonly request: SignatureRequest;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * Keeps the signature requests that callers have read in a final status, which the service never changes, each for its caller
 * only. REJECTED and CANCELLED requests are kept until others take their place.
 */
export class FinalRequests {
  readonly #kept: LRUCache<string, Kept>;
  readonly #events: GatewayEvents;

  /** @param max the number of signature requests, at least 1; the least recently used one gives way */
  constructor({ max, events }: { readonly max: number; readonly events: GatewayEvents }) {
    this.#kept = new LRUCache({ max });
    this.#events = events;
  }

  /** The request that this caller has read before, or the result of `read`. Callers must not change it. */
  async read(caller: string, id: string, read: () => Promise<SignatureRequest>): Promise<SignatureRequest> {
    const key = `${id} ${caller}`;
    const known = this.#kept.get(key);
    if (known !== undefined && performance.now() < known.until) {
      this.#events.emit('cachedRead', { operation: 'getSignatureRequest' });
      return known.request;
    }
    const startedAt = performance.now();
    const request = await read();
    const keptMs = keptMsOf(request);
    if (keptMs > 0) this.#kept.set(key, { request, until: startedAt + keptMs });
    return request;
  }
}

function keptMsOf(request: SignatureRequest): number {
  if (!isFinal(request)) return 0;
  return request.status === 'SIGNED' ? SIGNED_MS : Number.POSITIVE_INFINITY;
}
