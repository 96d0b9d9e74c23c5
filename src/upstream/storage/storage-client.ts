import { addAbortSignal } from 'node:stream';
import { Agent } from 'undici';
import { createEvents } from '../../observability/events.ts';
import type { GatewayEvents } from '../../observability/events.ts';
import { CircuitBreaker } from '../pipeline/circuit-breaker.ts';
import { Deadline } from '../pipeline/deadline.ts';
import { mayHaveArrived, UpstreamError } from '../failure/upstream-error.ts';
import { publicLookup } from './public-lookup.ts';
import type { BlobStorage, StorageReadOptions } from './blob-storage.ts';
import { operationOf, readBlobOnce } from './read-blob.ts';
import type { BlobContent, BlobRequest } from './read-blob.ts';
import { repeated, STORAGE_RETRIES } from '../pipeline/retry.ts';
import type { RetryPolicy } from '../pipeline/retry.ts';
import { isStaged } from '../sandbox-headers.ts';
import { putOnce } from './storage-http-client.ts';
import type { StorageCall } from './storage-http-client.ts';
import { checkStorageUrl } from './storage-url.ts';

/** Files that are read at the same time; who comes then waits for as long as an attempt may take. */
const MAX_READS = 64;

export interface StorageOptions {
  /** Hosts that may be written to and read from; see `checkStorageUrl`. */
  readonly allowedHosts: readonly string[];
  /** For one call with all its attempts and pauses. @default 60 000 */
  readonly deadlineMs?: number;
  /** For one attempt; of a read, until its content begins. @default 20 000 */
  readonly attemptTimeoutMs?: number;
  /** For how long nothing may come of what is read. @default 30 000 */
  readonly readStallMs?: number;
  /** @default STORAGE_RETRIES */
  readonly retries?: Partial<RetryPolicy>;
  /** @default an emitter that nobody listens to */
  readonly events?: GatewayEvents;
  /** @default one that never opens */
  readonly breaker?: CircuitBreaker;
}

export function createStorage(options: StorageOptions): BlobStorage {
  const { allowedHosts, deadlineMs = 60_000, attemptTimeoutMs = 20_000, events = createEvents() } = options;
  const { readStallMs = 30_000 } = options;
  const policy = { ...STORAGE_RETRIES, ...options.retries };
  const never = { failures: Number.POSITIVE_INFINITY, openMs: 0 };
  const { breaker = new CircuitBreaker({ origin: 'storage', ...never, events }) } = options;
  // An idle connection closes after half a second: it is worth little between two uploads, and an upload that is broken
  // off should leave none behind. HTTP/2 is off because Blob Storage does not speak it.
  const agentWith = (connections: number): Agent =>
    new Agent({
      connections,
      allowH2: false,
      keepAliveTimeout: 500,
      keepAliveMaxTimeout: 500,
      // Whole origins are for development, and for a storage that is meant to be inside: somebody wrote them out by hand.
      connect: { lookup: publicLookup(allowedHosts.flatMap((host) => URL.parse(host)?.hostname ?? [])) },
    });
  const dispatcher = agentWith(16);
  // Of their own, as a read lasts as long as its client takes: slow ones must not hold uploads up.
  const readers = agentWith(MAX_READS);

  async function put(
    address: string,
    call: StorageCall,
    caller: AbortSignal | undefined,
  ): Promise<{ storedAt: Date }> {
    const { operation } = call;
    const url = checkStorageUrl(address, allowedHosts, operation);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    using deadline = new Deadline(deadlineMs, caller);
    let unknownOutcome: UpstreamError | undefined;
    try {
      return await repeated({ operation, sort: 'block', policy, deadline, events }, async () => {
        using attempt = new Deadline(attemptTimeoutMs, deadline.signal);
        try {
          const send = (): Promise<{ storedAt: Date }> => putOnce(dispatcher, url, call, attempt.signal);
          if (isStaged(call)) return await send();
          return await breaker.run({ operation, deadline: attempt }, send);
        } catch (failure) {
          if (failure instanceof UpstreamError && mayHaveArrived(failure)) unknownOutcome ??= failure;
          throw failure;
        }
      });
    } catch (failure) {
      const isOfRepeat = failure instanceof UpstreamError && failure.detail === 'InvalidBlockList';
      throw isOfRepeat && unknownOutcome ? unknownOutcome : failure;
    }
  }

  async function read(
    address: string,
    method: BlobRequest['method'],
    { signal, ...asked }: StorageReadOptions,
  ): Promise<BlobContent> {
    const operation = operationOf(method);
    const url = checkStorageUrl(address, allowedHosts, operation);
    using deadline = new Deadline(deadlineMs, signal);
    const content = await repeated({ operation, sort: 'read', policy, deadline, events }, async () => {
      // Nothing is learned from reads: one that waits for slow readers to end would count against the storage.
      breaker.check(operation);
      using attempt = new Deadline(attemptTimeoutMs, deadline.signal);
      const limits = { signal: attempt.signal, stallMs: readStallMs };
      return await readBlobOnce(readers, url, { method, ...asked }, limits);
    });
    // The deadlines end here, and the content comes later.
    if (signal !== undefined) addAbortSignal(signal, content.body);
    return content;
  }

  return {
    getBlob: (address, options = {}) => read(address, 'GET', options),

    async getBlobProperties(address, options = {}) {
      const { body, ...facts } = await read(address, 'HEAD', options);
      body.resume();
      return facts;
    },

    putBlob: (address, body, { signal, headers } = {}) =>
      put(
        address,
        {
          operation: 'putBlob',
          headers: { ...headers, 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/pdf' },
          body,
        },
        signal,
      ),

    async putBlock(address, blockId, body, { signal, headers = {} } = {}) {
      const query = { comp: 'block', blockid: blockId };
      await put(address, { operation: 'putBlock', query, headers, body }, signal);
    },

    putBlockList: (address, blockIds, { signal, headers } = {}) =>
      put(
        address,
        {
          operation: 'putBlockList',
          query: { comp: 'blocklist' },
          headers: {
            ...headers,
            'x-ms-blob-content-type': 'application/pdf',
            'content-type': 'application/xml',
          },
          body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${blockIds.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`,
        },
        signal,
      ),

    async close() {
      await Promise.all([dispatcher.destroy(), readers.destroy()]);
    },
  };
}
