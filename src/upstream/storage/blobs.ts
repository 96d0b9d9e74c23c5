import { once } from 'node:events';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Call, CallFacts, Client, CallOptions } from '../call.ts';
import { UpstreamError } from '../failure.ts';

/** The request of one call to the storage. */
export interface StorageRequest extends CallFacts {
  /** A pre-signed URL of the service. It carries its own authorization (SAS): the storage never receives the API key. */
  readonly url: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Success statuses. Redirects are not followed. */
  readonly expect: readonly number[];
}

/** Reads an answer with an expected status. */
export type StorageAnswer = readonly [response: Dispatcher.ResponseData];
export type StorageCall<Model> = Call<StorageRequest, StorageAnswer, Model>;
/**
 * Azure Blob Storage. The `detail` of its errors is the error code of the storage; `AuthenticationFailed` means that the URL
 * has expired.
 */
export type StorageClient = Client<StorageRequest, StorageAnswer>;

export interface ReadOptions extends CallOptions {
  /** One range, in the form of RFC 9110 that Azure accepts: `bytes=0-99` or `bytes=100-`. */
  readonly range?: string | undefined;
  /** An entity tag: the read fails with status 412 when the blob has changed. */
  readonly ifMatch?: string | undefined;
}

export interface BlobFacts {
  /** Length of the content that is sent: of the range, if one was requested. */
  readonly contentLength: number | undefined;
  /** `bytes 0-99/1234`, when a range is sent. */
  readonly contentRange: string | undefined;
  readonly etag: string | undefined;
  /** An HTTP date, in whole seconds. */
  readonly lastModified: string | undefined;
}

export interface BlobContent extends BlobFacts {
  /**
   * Fails when the storage does, when the client disconnects or when the storage sends nothing for a while. The receiver
   * must read it to its end or destroy it, which ends the transfer.
   */
  readonly body: Readable;
}

/**
 * `Get Blob`: reads a blob or one range of it. It is retried until the content begins; `signal` aborts the content too.
 * @throws {UpstreamError} of kind `contract` for a file that does not begin as a PDF.
 */
export async function getBlob(
  storage: StorageClient,
  url: string,
  options: ReadOptions = {},
): Promise<BlobContent> {
  const content = await storage.call(callOf('GET', url, options), options);
  // The deadlines of the call end here, before the content has arrived.
  if (options.signal !== undefined) addAbortSignal(options.signal, content.body);
  return content;
}

/** `Get Blob Properties`: the facts of a blob without its content. @throws {UpstreamError} */
export async function getBlobProperties(
  storage: StorageClient,
  url: string,
  options: ReadOptions = {},
): Promise<BlobFacts> {
  const { body, ...facts } = await storage.call(callOf('HEAD', url, options), options);
  body.resume();
  return facts;
}

function callOf(method: 'GET' | 'HEAD', url: string, options: ReadOptions): StorageCall<BlobContent> {
  const { range, ifMatch } = options;
  const operation = method === 'GET' ? 'getBlob' : 'getBlobProperties';
  return {
    operation,
    method,
    effect: 'read',
    // A read that waits for slow downloads to end would count against the storage.
    showsHealth: false,
    url,
    headers: {
      ...(range !== undefined && { range }),
      ...(ifMatch !== undefined && { 'if-match': ifMatch }),
    },
    expect: range === undefined ? [200] : [200, 206],
    decode: (response) => decodeBlob(operation, response),
  };
}

async function decodeBlob(
  operation: 'getBlob' | 'getBlobProperties',
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
): Promise<BlobContent> {
  const facts = factsOf(headers);
  if (isEmpty(facts.contentRange)) {
    body.destroy();
    throw new UpstreamError({ kind: 'bad-request', operation, status: 416 });
  }
  const isStart =
    operation === 'getBlob' && (status === 200 || facts.contentRange?.startsWith('bytes 0-') === true);
  if (!isStart || (await beginsAsPdf(body))) return { ...facts, body };
  body.destroy();
  throw new UpstreamError({ kind: 'contract', operation, status });
}

/** Azurite, the emulator, answers so to a range that starts at the end: `bytes 9-8/9`. Azure refuses with 416. */
function isEmpty(contentRange: string | undefined): boolean {
  const [, first, last] = /(\d+)-(\d+)/.exec(contentRange ?? '') ?? [];
  return Number(first) > Number(last);
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Only well-formed values are passed on to clients. */
function factsOf(headers: Headers): BlobFacts {
  const length = matched(headers['content-length'], /^\d{1,15}$/);
  return {
    contentLength: length === undefined ? undefined : Number(length),
    contentRange: matched(headers['content-range'], /^bytes \d{1,15}-\d{1,15}\/\d{1,15}$/),
    etag: matched(headers['etag'], /^(W\/)?"[\x21\x23-\x7e]{0,200}"$/),
    lastModified: matched(headers['last-modified'], /^[\w ,:]{1,40}$/),
  };
}

function matched(header: string | string[] | undefined, pattern: RegExp): string | undefined {
  return typeof header === 'string' && pattern.test(header) ? header : undefined;
}

const MAGIC = Buffer.from('%PDF-');

/**
 * Waits for the first bytes of a file and leaves them in the stream. Signed files are PDFs; a proxy or portal in between
 * may answer 200 with a page of its own.
 * @returns false also for an empty file.
 * @throws the error of the stream.
 */
async function beginsAsPdf(file: Readable): Promise<boolean> {
  const start = await startOf(file);
  return start.length > 0 && start.equals(MAGIC.subarray(0, start.length));
}

async function startOf(file: Readable): Promise<Buffer> {
  for (;;) {
    // Fewer bytes at the end of the file, null before enough have arrived.
    const start: unknown = file.read(MAGIC.length);
    if (Buffer.isBuffer(start)) {
      file.unshift(start);
      return start;
    }
    if (file.readableEnded) return Buffer.alloc(0);
    const waiting = new AbortController();
    const { signal } = waiting;
    try {
      await Promise.race([once(file, 'readable', { signal }), once(file, 'end', { signal })]);
    } finally {
      waiting.abort();
    }
  }
}

const CALL = { method: 'PUT', effect: 'block', expect: [201] } as const;

/**
 * `Put Blob`: writes a whole blob of at most one block. On a retry the service validates the blob again, with the same
 * outcome; once the signature request has left DRAFT it ignores the blob.
 * @throws {UpstreamError}
 */
export function putBlob(
  storage: StorageClient,
  url: string,
  body: Uint8Array,
  options?: CallOptions,
): Promise<{ storedAt: Date }> {
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/pdf' };
  return storage.call({ ...CALL, operation: 'putBlob', url, headers, body, decode: decodeStored }, options);
}

/**
 * `Put Block`: stages a block, which stays invisible until `putBlockList` names it. All ids of a blob have the same length,
 * and are unique to one run of `storeFile`.
 * @throws {UpstreamError}
 */
export async function putBlock(
  storage: StorageClient,
  url: string,
  blockId: string,
  body: Uint8Array,
  options?: CallOptions,
): Promise<void> {
  const query = { comp: 'block', blockid: blockId };
  await storage.call({ ...CALL, operation: 'putBlock', url, query, body, decode: decodeStored }, options);
}

/**
 * `Put Block List`: commits the blob with these blocks in this order. The service deletes a blob once it is validated; a
 * retry is then refused with InvalidBlockList, although the first attempt may have succeeded.
 * @throws {UpstreamError}
 */
export function putBlockList(
  storage: StorageClient,
  url: string,
  blockIds: readonly string[],
  options?: CallOptions,
): Promise<{ storedAt: Date }> {
  const blocks = blockIds.map((id) => `<Latest>${id}</Latest>`).join('');
  const call = {
    ...CALL,
    operation: 'putBlockList',
    alreadyPerformedCode: 'InvalidBlockList',
    url,
    query: { comp: 'blocklist' },
    headers: { 'x-ms-blob-content-type': 'application/pdf', 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${blocks}</BlockList>`,
  } as const;
  return storage.call({ ...call, decode: decodeStored }, options);
}

/** The time of the storage, or of this machine if the storage sends none. */
async function decodeStored({ headers, body }: Dispatcher.ResponseData): Promise<{ storedAt: Date }> {
  await body.dump();
  const header = headers['last-modified'];
  const date = new Date(typeof header === 'string' ? header : NaN);
  return { storedAt: Number.isNaN(date.getTime()) ? new Date() : date };
}
