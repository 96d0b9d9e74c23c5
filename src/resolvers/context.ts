import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { GatewayEvents } from '../observability/events.ts';
import { StatusWatcher } from '../watching/status-watcher.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import type { BlockPool } from '../uploads/block-pool.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import { Deadline } from '../upstream/pipeline/deadline.ts';
import { dossierById } from '../upstream/loaders/dossier-by-id.ts';
import { signatureRequestById } from '../upstream/loaders/signature-request-by-id.ts';
import { signerByFiscalCode } from '../upstream/loaders/signer-by-fiscal-code.ts';
import { withOptions } from '../upstream/call.ts';
import { withSandboxHeaders } from '../upstream/sandbox-headers.ts';
import type { OriginClients } from '../upstream/sandbox-headers.ts';
import type { StorageClient } from '../upstream/storage/storage-client.ts';
import type { RequestHooks } from '../webhooks/webhooks.ts';

/** What one gateway shares between all its requests. */
export interface GatewayParts {
  readonly upstream: UpstreamClient;
  /** Asks again and again how requests stand, for all callers of this issuer. */
  readonly watcher: StatusWatcher;
  /** Told of requests that somebody outside may want to hear of. */
  readonly webhooks: RequestHooks;
  readonly storage: StorageClient;
  readonly blocks: BlockPool;
  readonly idempotency: Idempotency;
  /** What happens here, for whoever watches. */
  readonly events: GatewayEvents;
  /** Aborted when the gateway begins to end. Streams end then; what is running may still finish. */
  readonly closing: AbortSignal;
  /** Aborted when what is still running then must come to an end: waits answer with what they know. */
  readonly ending: AbortSignal;
  /** Only if the upstream is a sandbox: the bare clients for calls with the sandbox headers of a caller. */
  readonly sandbox?: OriginClients | undefined;
  readonly limits: {
    readonly maxUploadBytes: number;
    readonly uploadStallMs: number;
    /** For a whole operation; see `useOperationTime`. */
    readonly operationTimeoutMs: number;
  };
}

/** What resolvers are given: the gateway's parts and what belongs to this one request. */
export interface GatewayContext extends GatewayParts {
  readonly caller: Caller;
  /** Of the operation. `useOperationTime` starts and ends it. */
  readonly deadline: Deadline;
  /**
   * Aborted when the client leaves, the time of the operation is up, or the gateway cannot wait any longer. Every call and
   * every wait takes it.
   */
  readonly signal: AbortSignal;
  /** Made for this request alone, so nothing that one caller read is ever shown to another. */
  readonly loaders: {
    readonly dossierById: ReturnType<typeof dossierById>;
    readonly signatureRequestById: ReturnType<typeof signatureRequestById>;
    readonly signerByFiscalCode: ReturnType<typeof signerByFiscalCode>;
  };
}

/** What is known of the request that a context is made for. */
export interface RequestFacts {
  readonly headers: Headers;
  /** Of Node's own kind: `AbortSignal.any` refuses the proxy that Yoga hands out. */
  readonly signal: AbortSignal;
}

export function createContext(parts: GatewayParts, caller: Caller, request: RequestFacts): GatewayContext {
  const { headers } = request;
  const deadline = new Deadline(parts.limits.operationTimeoutMs, request.signal, { isRunning: false });
  const { signal } = deadline;
  const staged = parts.sandbox && withSandboxHeaders(parts.sandbox, headers);
  const { upstream: client, storage } = staged ?? parts;
  // The answers to sandbox headers are for this caller only, so they need a watcher of their own.
  const watcher = staged === undefined ? parts.watcher : new StatusWatcher({ client, events: parts.events });
  const upstream = withOptions(client, { caller: callerKey(caller) });
  return {
    ...parts,
    caller,
    upstream,
    watcher,
    storage,
    deadline,
    signal,
    loaders: {
      dossierById: dossierById(upstream, { signal }),
      signatureRequestById: signatureRequestById(upstream, { signal }, (id, read) =>
        watcher.record(id, read),
      ),
      signerByFiscalCode: signerByFiscalCode(upstream, { signal }),
    },
  };
}
