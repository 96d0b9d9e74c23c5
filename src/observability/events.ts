import { EventEmitter } from 'node:events';

/**
 * What happens inside one gateway, told to whoever watches: metrics, logs, tests. Names and numbers alone, so that
 * whatever is made of an event can be kept and shown: no id, no address, nothing of a caller.
 *
 * Listeners run where the thing happens: they must be quick and must not throw.
 */
export interface GatewayEventMap {
  /** An answer is out, or its client has left before. Of every request but those of `/health` and `/ready`. */
  response: [{ readonly status: number | 'left' }];
  /** A request was turned away unread: the gateway is about to end, or has too much to do. */
  turnedAway: [{ readonly reason: 'stopping' | 'requests' | 'event-loop' }];
  /** A GraphQL operation has been carried out, or refused before; a subscription has begun, or was refused. */
  operation: [
    {
      readonly type: 'query' | 'mutation' | 'subscription' | 'unknown';
      /** See `nameOf` in `plugins/operation-name.ts`: never a name that a caller has made up. */
      readonly name: string;
      /** `refused`: something that the caller can mend. `failed`: nothing that they can. `left`: they did not wait. */
      readonly outcome: 'ok' | 'refused' | 'failed' | 'left';
      readonly durationMs: number;
    },
  ];
  /** An error has been answered, with this code of `docs/reference/errors.md`. Not called `error`: those must have a listener. */
  errorAnswered: [{ readonly code: string }];
  /** Something that the gateway needs can be used again, or no longer. */
  dependency: [{ readonly name: string; readonly isUsable: boolean }];
  /** A call of the service or of its storage has ended, with all its repeats. */
  upstreamCall: [
    {
      /** `operationId` of the contract, or of the storage: `putBlob`, `putBlock`, `putBlockList`, `getBlob`, `getBlobProperties`. */
      readonly operation: string;
      /** `ok`, or the kind of the `UpstreamError`. */
      readonly outcome: string;
      readonly attempts: number;
      readonly durationMs: number;
    },
  ];
  /** A call is made again. */
  upstreamRetry: [{ readonly operation: string; readonly kind: string }];
  /** A call has got a slot of the rate limiter, or its wait has ended without one. */
  rateLimiterWait: [
    {
      readonly priority: 'interactive' | 'poll';
      readonly outcome: 'granted' | 'refused' | 'left';
      readonly waitMs: number;
    },
  ];
  /** The breaker of an origin has changed. */
  breaker: [{ readonly origin: 'service' | 'storage'; readonly state: 'closed' | 'open' | 'half-open' }];
  /** A read was answered by an identical one that was already under way. */
  coalescedRead: [{ readonly operation: string }];
  /** An upload has begun, has moved on, has ended. */
  uploadStarted: [];
  uploadBytes: [number];
  uploadEnded: [{ readonly outcome: string; readonly durationMs: number }];
  /** A watched request was read; whether it had changed. */
  poll: [{ readonly changed: boolean }];
  /** How a mutation with an idempotency key was answered. */
  idempotency: [
    {
      /**
       * `first` and `resumed` did it; `replayed` and `waited` got the result of another; `busy` has waited in vain;
       * `unavailable`: the store could not be asked.
       */
      readonly outcome: 'first' | 'resumed' | 'replayed' | 'waited' | 'conflict' | 'busy' | 'unavailable';
    },
  ];
  /** A webhook was sent, or given up. */
  webhook: [{ readonly outcome: 'delivered' | 'failed' | 'given-up'; readonly attempt: number }];
}

export type GatewayEvents = EventEmitter<GatewayEventMap>;

export function createEvents(): GatewayEvents {
  return new EventEmitter<GatewayEventMap>();
}
