import type { Tracer } from '@opentelemetry/api';
import { createEvents } from '../../observability/events.ts';
import type { GatewayEvents } from '../../observability/events.ts';
import { withStages } from '../call.ts';
import type { Stage } from '../call.ts';
import { withCircuitBreaker } from '../pipeline/circuit-breaker.ts';
import type { CircuitBreaker } from '../pipeline/circuit-breaker.ts';
import { Deadline } from '../pipeline/deadline.ts';
import { STORAGE_RETRIES, withRetries } from '../pipeline/retry.ts';
import type { RetryPolicy } from '../pipeline/retry.ts';
import { withSpans } from '../pipeline/with-spans.ts';
import type { ProxyFor } from '../proxy-for.ts';
import { checkStorageUrl } from '../url-rules.ts';
import type { StorageClient, StorageRequest } from './blobs.ts';
import { StorageHttpClient } from './storage-http-client.ts';

export interface StorageOptions {
  /** Hosts that may be written to and read from; see `checkStorageUrl`. */
  readonly allowedHosts: readonly string[];
  readonly proxyFor: ProxyFor;
  /** For one call with all its attempts and pauses, in milliseconds. @default 60 000 */
  readonly deadlineMs?: number;
  /** For one attempt; for a read, until its content begins. @default 20 000 */
  readonly attemptTimeoutMs?: number;
  /** A read fails when no bytes arrive for this long, in milliseconds. @default 30 000 */
  readonly readStallMs?: number;
  /** @default STORAGE_RETRIES */
  readonly retries?: Partial<RetryPolicy>;
  /** @default an emitter without listeners */
  readonly events?: GatewayEvents;
  /** @default no circuit breaker */
  readonly breaker?: CircuitBreaker;
  /** @default no spans */
  readonly tracer?: Tracer | undefined;
}

/** The two ways to the storage; see `IssuerClient`. They share connections. */
export interface StorageClients {
  readonly shared: StorageClient;
  /** For calls with the sandbox headers of a caller: without a circuit breaker. */
  readonly bare: StorageClient;
}

/** The storage: the pipeline of the service without coalescing and rate limit, and with a deadline for each attempt. */
export function createStorage(options: StorageOptions): StorageClients {
  const {
    allowedHosts,
    proxyFor,
    deadlineMs = 60_000,
    attemptTimeoutMs = 20_000,
    readStallMs = 30_000,
  } = options;
  const { events = createEvents(), breaker, tracer } = options;
  const http = new StorageHttpClient({ allowedHosts, readStallMs, proxyFor });
  const policy = { ...STORAGE_RETRIES, ...options.retries };
  const stages: readonly Stage<StorageRequest>[] = [
    ...(tracer ? [withSpans({ tracer, urlOf, propagates: false })] : []),
    withCheckedUrl(allowedHosts),
    withRetries({ timeoutMs: deadlineMs, policy, events }),
    withAttemptDeadline(attemptTimeoutMs),
  ];
  return {
    shared: withStages(http, breaker ? [...stages, withCircuitBreaker(breaker)] : stages),
    bare: withStages(http, stages),
  };
}

const urlOf = ({ url }: StorageRequest): URL | null => URL.parse(url);

/** Refuses a URL of another host before anything is sent. */
function withCheckedUrl(allowedHosts: readonly string[]): Stage<StorageRequest> {
  return (next) => async (call, options) => {
    checkStorageUrl(call.url, allowedHosts, call.operation);
    return await next(call, options);
  };
}

/** Gives each attempt its own time within the deadline of the call. */
function withAttemptDeadline(timeoutMs: number): Stage {
  return (next) => async (call, options) => {
    using deadline = new Deadline(timeoutMs, options.signal);
    return await next(call, { ...options, signal: deadline.signal, deadline });
  };
}
