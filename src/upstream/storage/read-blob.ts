import { once } from 'node:events';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { CallOptions } from '../call.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import type { StorageCall, StorageClient } from './storage-client.ts';

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
