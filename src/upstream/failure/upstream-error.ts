import { factsOf } from './failure-kinds.ts';
import type { UpstreamErrorKind } from './failure-kinds.ts';

export interface UpstreamErrorFacts {
  readonly kind: UpstreamErrorKind;
  /** `operationId` of the contract, or the name of a storage operation (`putBlob`, `getBlob` …). */
  readonly operation: string;
  /** HTTP status, if there was an answer. */
  readonly status?: number | undefined;
  /**
   * The text of the service (`detail`, `message` or the error code of the storage). For decisions and debug logs, never for
   * callers.
   */
  readonly detail?: string | undefined;
  /** Seconds to wait, at least 1. For an answer see `readRetryAfter`. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** The only error that `src/upstream` throws. Its message has the operation, the kind and the status and nothing else. */
export class UpstreamError extends Error implements UpstreamErrorFacts {
  override readonly name = 'UpstreamError';
  readonly kind: UpstreamErrorKind;
  readonly operation: string;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(facts: UpstreamErrorFacts) {
    const status = facts.status === undefined ? '' : ` (HTTP ${facts.status})`;
    super(`${facts.operation}: ${facts.kind}${status}`, { cause: facts.cause });
    this.kind = facts.kind;
    this.operation = facts.operation;
    this.status = facts.status;
    this.detail = facts.detail;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** Whether the origin may have performed a call that failed so. */
export function mayHaveArrived({ kind }: UpstreamError): boolean {
  return factsOf(kind).mayHaveArrived;
}
