import type { FaultCode } from './codes.ts';
import { DomainError } from './domain-errors.ts';

const FAULT_WORDS: Readonly<Record<FaultCode, string>> = {
  UPSTREAM_TIMEOUT:
    'Firma con IO did not answer in time. What was asked may still have happened: read before you repeat.',
  UPSTREAM_UNAVAILABLE: 'Firma con IO is not available. Try again later.',
  UPSTREAM_REFUSED:
    'Firma con IO refused the gateway itself: its key, its address, or an outage of the service.',
  UPSTREAM_CONTRACT: 'Firma con IO answered in a way that the gateway does not know.',
  RATE_LIMITED: 'Too many calls to Firma con IO. Try again later.',
  CALLER_UNAVAILABLE:
    'Firma con IO cannot say who you are as a signer, so nothing is known to be yours. `findSigner` with your own fiscal code says why.',
  IDEMPOTENCY_UNAVAILABLE:
    'Idempotency keys cannot be kept at the moment, so nothing was sent. Try again later with the same key.',
};

/** Something failed that no input can mend. */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
  readonly code: FaultCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: FaultCode,
    options: { readonly retryAfterSeconds?: number | undefined; readonly cause: unknown },
  ) {
    super(FAULT_WORDS[code], { cause: options.cause });
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** A fault of the service as the cause of an error that is told in a result. */
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
