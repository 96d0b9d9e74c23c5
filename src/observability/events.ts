import { EventEmitter } from 'node:events';

/**
 * The events of one gateway, for metrics, logs and tests. They contain names and numbers only, no id, URL or data of a
 * caller, so that derived data may be stored and shown.
 *
 * Listeners run synchronously: they must be fast and must not throw.
 */
export interface GatewayEventMap {
  /** An answer was sent, or its client left before. For every request except `/health` and `/ready`. */
  response: [{ readonly status: number | 'left' }];
  /** A request was refused unread, because the gateway is shutting down or overloaded. */
  turnedAway: [{ readonly reason: 'stopping' | 'requests' | 'event-loop' }];
  /** A query or mutation has ended or was refused; a subscription has started or was refused. */
  operation: [
    {
      readonly type: 'query' | 'mutation' | 'subscription' | 'unknown';
      /** See `labelOf` in `graphql/operation-name.ts`: never a name that a caller chose. */
      readonly name: string;
      /** `refused`: the caller can fix it. `failed`: the caller cannot. `left`: the caller did not wait. */
      readonly outcome: 'ok' | 'refused' | 'failed' | 'left';
      readonly durationMs: number;
    },
  ];
  /** An error was sent, with this code. Not named `error`, because Node requires a listener for that. */
  errorAnswered: [{ readonly code: string }];
  /** A dependency of the gateway has become usable or unusable. */
  dependency: [{ readonly name: string; readonly isUsable: boolean }];
  /** A call to the service or its storage has ended, with all its retries. */
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
  /** A call is retried. */
  upstreamRetry: [{ readonly operation: string; readonly kind: string }];
  /** A call has got a slot of the rate limiter, or its wait has ended without one. */
  rateLimiterWait: [
    {
      readonly priority: 'interactive' | 'poll';
      readonly outcome: 'granted' | 'refused' | 'left';
      readonly waitMs: number;
    },
  ];
  /** The circuit breaker of an origin has changed its state. */
  breaker: [{ readonly origin: 'service' | 'storage'; readonly state: 'closed' | 'open' | 'half-open' }];
  /** A read was coalesced with an identical one in progress. */
  coalescedRead: [{ readonly operation: string }];
  /** A read was answered with a kept signature request, without an upstream call. */
  cachedRead: [{ readonly operation: string }];
  /** An upload has started, made progress, or ended. */
  uploadStarted: [];
  uploadBytes: [number];
  uploadEnded: [{ readonly outcome: string; readonly durationMs: number }];
  /** A watched request was polled; whether it had changed. */
  poll: [{ readonly changed: boolean }];
  /** A mutation with an idempotency key was answered. */
  idempotency: [
    {
      /**
       * `first` and `resumed` ran it; `replayed` and `waited` got the result of another run; `busy` waited without a result;
       * `unavailable`: the store could not be reached.
       */
      readonly outcome: 'first' | 'resumed' | 'replayed' | 'waited' | 'conflict' | 'busy' | 'unavailable';
    },
  ];
  /** A webhook was delivered, has failed, or was abandoned. */
  webhook: [{ readonly outcome: 'delivered' | 'failed' | 'given-up'; readonly attempt: number }];
}

export type GatewayEvents = EventEmitter<GatewayEventMap>;

export function createEvents(): GatewayEvents {
  return new EventEmitter<GatewayEventMap>();
}
