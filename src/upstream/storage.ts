import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { kindOfStatus, UpstreamError } from './errors.ts';
import type { UpstreamErrorKind } from './errors.ts';
import { publicLookup } from './public-lookup.ts';
import { checkStorageUrl } from './storage-url.ts';

export interface StorageOptions {
  /** Hosts that may be written to; see `checkStorageUrl`. */
  readonly allowedHosts: readonly string[];
  /** For one call with all its attempts and pauses. @default 60 000 */
  readonly deadlineMs?: number;
  /** For one attempt. @default 20 000 */
  readonly attemptTimeoutMs?: number;
  /** @default 4 */
  readonly attempts?: number;
  /** Before the second attempt; doubles with each, and half of it is left to chance. @default 200 */
  readonly backoffMs?: number;
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

type Operation = 'putBlob' | 'putBlock' | 'putBlockList';

interface StorageCall {
  readonly operation: Operation;
  readonly address: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
  readonly signal: AbortSignal | undefined;
}

/*
 * What is tried again. All three calls write the same bytes to the same place however often they are made:
 *
 * | call           | why a repeat is safe, also when the first may have arrived                                          |
 * | -------------- | --------------------------------------------------------------------------------------------------- |
 * | Put Block      | a block with the same id replaces the other, and ids are unique to one run of `storeFile`            |
 * | Put Blob       | the service validates the blob a second time, with the same bytes and so with the same outcome; what |
 * |                | it finds when the request has left DRAFT it drops silently                                           |
 * | Put Block List | as Put Blob, while the blob is there. The service deletes it once it is validated; the repeat is     |
 * |                | then refused with InvalidBlockList, and the *first* failure is reported: outcome unknown, not failed |
 *
 * | failure                               | again? | because                                                              |
 * | ------------------------------------- | ------ | -------------------------------------------------------------------- |
 * | connection not made, or lost; timeout | yes    | see above                                                            |
 * | 408, 429, 500, 502, 503, 504          | yes    | Azure's OperationTimedOut, ServerBusy, InternalError, and its proxies |
 * | any other status                      | no     | the same call gets the same answer; an expired address stays expired |
 * | the caller left, the deadline passed  | no     |                                                                      |
 */
const RETRIED_KINDS: readonly UpstreamErrorKind[] = ['unreachable', 'connection-lost', 'timeout'];
const RETRIED_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504];

export function createStorage(options: StorageOptions): BlobStorage {
  const {
    allowedHosts,
    deadlineMs = 60_000,
    attemptTimeoutMs = 20_000,
    attempts = 4,
    backoffMs = 200,
  } = options;
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

  async function call(call: StorageCall): Promise<{ storedAt: Date }> {
    const url = checkStorageUrl(call.address, allowedHosts, call.operation);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const deadline = Date.now() + deadlineMs;
    let unknownOutcome: UpstreamError | undefined;

    for (let attempt = 1; ; attempt += 1) {
      const timeoutMs = Math.max(1, Math.min(attemptTimeoutMs, deadline - Date.now()));
      try {
        return await putOnce(dispatcher, url, call, timeoutMs);
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error;
        if (error.detail === 'InvalidBlockList' && unknownOutcome) throw unknownOutcome;
        const pauseMs = Math.max(
          backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2),
          (error.retryAfterSeconds ?? 0) * 1000,
        );
        if (attempt === attempts || !isRetried(error) || Date.now() + pauseMs >= deadline) throw error;
        if (error.status === undefined || error.status >= 500) unknownOutcome ??= error;
        await sleep(pauseMs, undefined, call.signal ? { signal: call.signal } : {}).catch(
          (cause: unknown) => {
            throw new UpstreamError({ kind: 'aborted', operation: call.operation, cause });
          },
        );
      }
    }
  }

  return {
    putBlob: (address, body, { signal, headers } = {}) =>
      call({
        operation: 'putBlob',
        address,
        headers: { ...headers, 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/pdf' },
        body,
        signal,
      }),

    async putBlock(address, blockId, body, { signal, headers = {} } = {}) {
      await call({
        operation: 'putBlock',
        address,
        query: { comp: 'block', blockid: blockId },
        headers,
        body,
        signal,
      });
    },

    putBlockList: (address, blockIds, { signal, headers } = {}) =>
      call({
        operation: 'putBlockList',
        address,
        query: { comp: 'blocklist' },
        headers: {
          ...headers,
          'x-ms-blob-content-type': 'application/pdf',
          'content-type': 'application/xml',
        },
        body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${blockIds.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`,
        signal,
      }),

    close: () => dispatcher.destroy(),
  };
}

function isRetried({ kind, status }: UpstreamError): boolean {
  return status === undefined ? RETRIED_KINDS.includes(kind) : RETRIED_STATUSES.includes(status);
}

/** One attempt. Redirects are not followed: any status but 201 is a failure. */
async function putOnce(
  dispatcher: Dispatcher,
  url: URL,
  call: StorageCall,
  timeoutMs: number,
): Promise<{ storedAt: Date }> {
  const { operation, body, headers } = call;
  // By hand: Yoga's request signal is no AbortSignal in the eyes of `AbortSignal.any`.
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  const timer = setTimeout(abort, timeoutMs);
  call.signal?.addEventListener('abort', abort, { once: true });
  if (call.signal?.aborted) abort();
  try {
    const response = await request(url, {
      dispatcher,
      method: 'PUT',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      body,
      signal: attempt.signal,
    });
    const status = response.statusCode;
    if (status === 201) {
      await response.body.dump();
      return { storedAt: dateOf(response.headers['last-modified']) };
    }
    const text = await readStart(response.body);
    throw new UpstreamError({
      kind: status < 400 ? 'contract' : kindOfStatus(status),
      operation,
      status,
      detail: errorCode(response.headers['x-ms-error-code'], text),
      retryAfterSeconds: secondsOf(response.headers['retry-after']),
    });
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    throw new UpstreamError({ kind: kindOfFailure(cause, call.signal, attempt.signal), operation, cause });
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', abort);
  }
}

function kindOfFailure(
  cause: unknown,
  caller: AbortSignal | undefined,
  attempt: AbortSignal,
): UpstreamErrorKind {
  if (caller?.aborted) return 'aborted';
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (attempt.aborted || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return 'timeout';
  return typeof code === 'string' && NOT_CONNECTED.has(code) ? 'unreachable' : 'connection-lost';
}

const NOT_CONNECTED: ReadonlySet<string> = new Set([
  'EPRIVATE',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const ERROR_BODY_BYTES = 16 * 1024;

/** The first part of an error body: enough for its code, whatever the other side sends. */
async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ERROR_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, ERROR_BODY_BYTES);
}

/** Of `<Error><Code>…</Code>`, or of the header that repeats it. Names only: nothing else of the body is kept. */
function errorCode(header: string | string[] | undefined, body: string): string | undefined {
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(body)?.[1];
  return code ?? (typeof header === 'string' && /^[A-Za-z]{1,64}$/.test(header) ? header : undefined);
}

/** The storage's clock, or ours when it does not say. */
function dateOf(header: string | string[] | undefined): Date {
  const date = new Date(typeof header === 'string' ? header : NaN);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}

function secondsOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
