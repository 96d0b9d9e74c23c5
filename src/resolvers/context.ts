import DataLoader from 'dataloader';
import { callerKey, ownFiscalCode } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import type { Inspector } from '../inspection/inspector.ts';
import type { GatewayEvents } from '../observability/events.ts';
import type { BlockPool } from '../uploads/block-pool.ts';
import { withOptions } from '../upstream/call.ts';
import type { UpstreamClient, CallOptions } from '../upstream/call.ts';
import type { Dossier, SignatureRequest, SignatureRequestSummary, Signer } from '../upstream/decode.ts';
import { getDossier } from '../upstream/operations/get-dossier.ts';
import { getSignatureRequest } from '../upstream/operations/get-signature-request.ts';
import { getSignerByFiscalCode } from '../upstream/operations/get-signer-by-fiscal-code.ts';
import { withSandboxHeaders } from '../upstream/clients.ts';
import type { OriginClients } from '../upstream/clients.ts';
import { Deadline } from '../upstream/pipeline/deadline.ts';
import type { StorageClient } from '../upstream/storage/blobs.ts';
import { StatusWatcher } from '../watching/status-watcher.ts';
import type { WatchingOptions } from '../watching/status-watcher.ts';
import type { RequestHooks } from '../webhooks/webhooks.ts';
import type { FinalRequests } from './final-requests.ts';

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
  /** Undefined: the gateway keeps no signature requests. */
  readonly finalRequests: FinalRequests | undefined;
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
  /** Caches of this request only. No caller receives data that another caller has read, not even from `finalRequests`. */
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
  const key = callerKey(caller);
  const upstream = withOptions(client, { caller: key });
  const record: Recording = (id, read) => watcher.record(id, read);
  // For a citizen, a kept request of another citizen would be found faster than one that does not exist.
  const kept = ownFiscalCode(caller) === undefined ? parts.finalRequests : undefined;
  return {
    ...parts,
    caller,
    upstream,
    watcher,
    storage,
    deadline,
    signal,
    loaders: new Loaders(
      upstream,
      { signal },
      kept === undefined ? record : (id, read) => kept.read(key, id, () => record(id, read)),
    ),
  };
}

/** Reads a signature request, unless it is kept, and may record the result. */
type Recording = (id: string, read: () => Promise<SignatureRequest>) => Promise<SignatureRequest>;

/**
 * The DataLoaders of one GraphQL operation, each made when it is first used: each object is read once. The service has no
 * batch reads.
 */
export class Loaders {
  readonly #client: UpstreamClient;
  readonly #options: CallOptions;
  readonly #recording: Recording;
  /** The whole requests of the list items whose other fields are read; null for one that the caller may not access. */
  readonly details = new Map<SignatureRequestSummary, Promise<SignatureRequest | null>>();
  #dossierById: DataLoader<string, Dossier> | undefined;
  #signatureRequestById: DataLoader<string, SignatureRequest> | undefined;
  #signerByFiscalCode: DataLoader<string, Signer> | undefined;

  constructor(client: UpstreamClient, options: CallOptions, recording: Recording = (_, read) => read()) {
    this.#client = client;
    this.#options = options;
    this.#recording = recording;
  }

  get dossierById(): DataLoader<string, Dossier> {
    return (this.#dossierById ??= new DataLoader(
      loadEach((id) => getDossier(this.#client, id, this.#options)),
      { name: 'dossierById', ...SCHEDULE },
    ));
  }

  /** Clear an id after a call that changes the request. */
  get signatureRequestById(): DataLoader<string, SignatureRequest> {
    return (this.#signatureRequestById ??= new DataLoader(
      loadEach((id) => this.#recording(id, () => getSignatureRequest(this.#client, id, this.#options))),
      { name: 'signatureRequestById', ...SCHEDULE },
    ));
  }

  /** Before each event of a subscription: an event must not show what an earlier one has read. */
  clearRequests(): void {
    this.#signatureRequestById?.clearAll();
    this.details.clear();
  }

  /** The same fiscal code always returns the same signer. */
  get signerByFiscalCode(): DataLoader<string, Signer> {
    return (this.#signerByFiscalCode ??= new DataLoader(
      loadEach((code) => getSignerByFiscalCode(this.#client, code, this.#options)),
      { name: 'signerByFiscalCode', ...SCHEDULE },
    ));
  }
}

/**
 * Each key is a call of its own, so there is nothing to gain from a wait for more keys. The calls of all requests that have
 * arrived together are sent one after the other, which wakes the process that receives them once; see `endOfTurn`.
 */
const SCHEDULE = { batchScheduleFn: (load: () => void) => void setImmediate(load) };

/** Reads in flight at once for one loader, so that one operation cannot take the whole connection pool. */
const MAX_IN_FLIGHT = 10;

/**
 * A batch function that loads every key by its own call. The limit of calls in flight covers all batches of a loader; the
 * other calls wait in their order.
 * @returns the values of a batch in the order of its keys, with an `Error` for a key that failed, as DataLoader requires.
 */
export function loadEach<Key, Value>(
  load: (key: Key) => Promise<Value>,
): (keys: readonly Key[]) => Promise<(Value | Error)[]> {
  const waiting: (() => void)[] = [];
  let inFlight = 0;

  const loadOne = async (key: Key): Promise<Value | Error> => {
    if (inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => waiting.push(resolve));
    else inFlight += 1;
    try {
      return await load(key);
    } catch (error) {
      return error instanceof Error ? error : new Error('load failed', { cause: error });
    } finally {
      // The next call takes over the slot.
      const next = waiting.shift();
      if (next === undefined) inFlight -= 1;
      else next();
    }
  };
  return (keys) => Promise.all(keys.map(loadOne));
}
