import { Agent } from 'undici';
import { createEvents } from '../events.ts';
import type { GatewayEvents } from '../events.ts';
import { Deadline } from './deadline.ts';
import { UpstreamError } from './errors.ts';
import { publicLookup } from './public-lookup.ts';
import { repeated, STORAGE_RETRIES } from './retry.ts';
import type { RetryPolicy } from './retry.ts';
import { putOnce } from './storage-call.ts';
import type { StorageCall } from './storage-call.ts';
import { checkStorageUrl } from './storage-url.ts';

export interface StorageOptions {
  /** Hosts that may be written to; see `checkStorageUrl`. */
  readonly allowedHosts: readonly string[];
  /** For one call with all its attempts and pauses. @default 60 000 */
  readonly deadlineMs?: number;
  /** For one attempt. @default 20 000 */
  readonly attemptTimeoutMs?: number;
  /** @default STORAGE_RETRIES */
  readonly retries?: Partial<RetryPolicy>;
  /** @default an emitter that nobody listens to */
  readonly events?: GatewayEvents;
}

export interface StorageCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Besides those that the storage itself wants. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Azure Blob Storage behind an upload address of the service, which carries its own authorisation (SAS): no API key and
 * no Authorization header is ever sent. Every method throws UpstreamError and nothing else, `detail` being the storage's
 * error code (`AuthenticationFailed`: the address has expired).
 */
export interface BlobStorage {
  /** Writes a whole blob of at most one block. */
  putBlob(url: string, bytes: Uint8Array, options?: StorageCallOptions): Promise<{ storedAt: Date }>;
  /** Stages a block. Nothing can be seen of it until `putBlockList` names it. All ids of a blob have the same length. */
  putBlock(url: string, blockId: string, bytes: Uint8Array, options?: StorageCallOptions): Promise<void>;
  /** Makes the blob out of its blocks, in this order. */
  putBlockList(
    url: string,
    blockIds: readonly string[],
    options?: StorageCallOptions,
  ): Promise<{ storedAt: Date }>;
  close(): Promise<void>;
}

export function createStorage(options: StorageOptions): BlobStorage {
  const { allowedHosts, deadlineMs = 60_000, attemptTimeoutMs = 20_000, events = createEvents() } = options;
  const policy = { ...STORAGE_RETRIES, ...options.retries };
  // An idle connection closes after half a second: it is worth little between two uploads, and an upload that is broken
  // off should leave none behind. HTTP/2 is off because Blob Storage does not speak it.
  const dispatcher = new Agent({
    connections: 16,
    allowH2: false,
    keepAliveTimeout: 500,
    keepAliveMaxTimeout: 500,
    // Whole origins are for development, and for a storage that is meant to be inside: somebody wrote them out by hand.
    connect: { lookup: publicLookup(allowedHosts.flatMap((host) => URL.parse(host)?.hostname ?? [])) },
  });

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
          return await putOnce(dispatcher, url, call, attempt.signal);
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

  return {
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

    close: () => dispatcher.destroy(),
  };
}

function mayHaveArrived({ status }: UpstreamError): boolean {
  return status === undefined || status >= 500;
}
