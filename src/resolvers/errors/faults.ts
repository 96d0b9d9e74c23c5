import type { FaultCode } from './codes.ts';
import { DomainError } from './domain-errors.ts';

const FAULT_MESSAGES: Readonly<Record<FaultCode, string>> = {
  UPSTREAM_TIMEOUT:
    'Firma con IO did not answer in time. A mutation may or may not have been performed: read the current state before you retry it.',
  UPSTREAM_UNAVAILABLE: 'Firma con IO is unavailable. Retry later.',
  UPSTREAM_REFUSED:
    'Firma con IO refused the API key or the IP address of the gateway, or has an outage. The operator must check the key and its allowed addresses.',
  UPSTREAM_CONTRACT:
    'The response of Firma con IO breaks its contract. Report the request id to the operator.',
  RATE_LIMITED: 'The rate limit of Firma con IO is exhausted. Retry later.',
  CALLER_UNAVAILABLE:
    'Firma con IO could not resolve the caller to a signer, so the caller cannot access any record. Call `findSigner` with your own fiscal code for the reason.',
  IDEMPOTENCY_UNAVAILABLE:
    'The gateway cannot store idempotency keys now. The mutation had no effect. Retry later with the same key.',
};

/** A failure that no change of the input prevents: a top-level error with `extensions.code`. */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
  readonly code: FaultCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: FaultCode,
    options: { readonly retryAfterSeconds?: number | undefined; readonly cause: unknown },
  ) {
    super(FAULT_MESSAGES[code], { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** An `UpstreamFault` as the `cause` of an error in a result. */
export class ServiceFaultError extends DomainError {
  override readonly name = 'ServiceFaultError';
  readonly code = 'SERVICE_FAULT';
  readonly fault: FaultCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(cause: UpstreamFault) {
    super(cause.message, { cause });
    this.fault = cause.code;
    this.retryAfterSeconds = cause.retryAfterSeconds;
  }
}

export type StreamErrorCode = 'TOO_MANY_STREAMS' | 'STREAM_TOO_SLOW';

const STREAM_MESSAGES: Readonly<Record<StreamErrorCode, string>> = {
  TOO_MANY_STREAMS: 'Too many subscriptions are open. Retry later.',
  STREAM_TOO_SLOW: 'The client read events too slowly, and some are lost. Subscribe again.',
};

/** A subscription that cannot start or continue. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: StreamErrorCode;

  constructor(code: StreamErrorCode) {
    super(STREAM_MESSAGES[code]);
    this.code = code;
  }
}
