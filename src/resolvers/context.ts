import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { GatewayEvents } from '../observability/events.ts';
import { StatusWatcher } from '../watching/status-watcher.ts';
import type { WatchingOptions } from '../watching/status-watcher.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { BlockPool } from '../uploads/block-pool.ts';
import type { UpstreamClient } from '../upstream/call.ts';
import { Deadline } from '../upstream/pipeline/deadline.ts';
import { Loaders } from '../upstream/loaders.ts';
import { withOptions } from '../upstream/call.ts';
import { withSandboxHeaders } from '../upstream/origin-clients.ts';
import type { OriginClients } from '../upstream/origin-clients.ts';
import type { StorageClient } from '../upstream/storage/blobs.ts';
import type { RequestHooks } from '../webhooks/webhooks.ts';
import type { RequestHeaders } from '../auth/headers.ts';

/** The parts of a gateway that all its requests share. */
export interface GatewayParts {
  readonly upstream: UpstreamClient;
  /** Polls signature requests, for all callers. */
  readonly watcher: StatusWatcher;
  readonly watching: WatchingOptions;
  /** Receives the states of signature requests to deliver webhooks. */
  readonly webhooks: RequestHooks;
  readonly storage: StorageClient;
  readonly blocks: BlockPool;
  readonly inspector: Inspector;
  readonly idempotency: Idempotency;
  /** Events for logs, metrics and spans. */
  readonly events: GatewayEvents;
  /** Aborted shortly before a shutdown aborts running operations. Waits return the last known state. */
  readonly lastCall: AbortSignal;
  /** Only if the upstream is a sandbox: the bare clients for calls with the sandbox headers of a caller. */
  readonly sandbox?: OriginClients | undefined;
  readonly limits: {
    readonly maxUploadBytes: number;
    readonly uploadStallMs: number;
    /** The deadline of an operation. See `Operations`. */
    readonly operationTimeoutMs: number;
  };
}

/** The context of resolvers: the parts of the gateway, and those of this request. */
export interface GatewayContext extends GatewayParts {
  readonly caller: Caller;
  /** The deadline of the operation. `Operations` starts and ends it. */
  readonly deadline: Deadline;
  /**
   * Aborted when the client disconnects, the deadline passes, or the gateway shuts down. Every upstream call and every wait
   * uses it.
   */
  readonly signal: AbortSignal;
  /** Caches of this request only: no caller receives data that another caller has read. */
  readonly loaders: Loaders;
}

/** The HTTP request of a context. */
export interface RequestFacts {
  readonly headers: RequestHeaders;
  /** A signal of Node: `AbortSignal.any` refuses the proxy of Yoga. */
  readonly signal: AbortSignal;
}

export function createContext(parts: GatewayParts, caller: Caller, request: RequestFacts): GatewayContext {
  const { headers } = request;
  const deadline = new Deadline(parts.limits.operationTimeoutMs, request.signal, { isRunning: false });
  const { signal } = deadline;
  const staged = parts.sandbox && withSandboxHeaders(parts.sandbox, headers);
  const { upstream: client, storage } = staged ?? parts;
  // The answers to sandbox headers are for this caller only, so they need a separate watcher.
  const watcher =
    staged === undefined
      ? parts.watcher
      : new StatusWatcher({ ...parts.watching, client, events: parts.events });
  const upstream = withOptions(client, { caller: callerKey(caller) });
  return {
    ...parts,
    caller,
    upstream,
    watcher,
    storage,
    deadline,
    signal,
    loaders: new Loaders(upstream, { signal }, (id, read) => watcher.record(id, read)),
  };
}
