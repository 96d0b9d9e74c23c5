import { request } from 'undici';
import type { Dispatcher } from 'undici';
import type { Readable } from 'node:stream';
import { beginsAsPdf } from './begins-as-pdf.ts';
import { kindOfStatus, UpstreamError } from '../failure/upstream-error.ts';
import { kindOfFailure } from '../failure/classify.ts';
import { readRetryAfter } from '../pipeline/retry-after.ts';

/** What is read of a blob. */
export interface BlobRequest {
  /** HEAD: what there is to know of it, without its content. */
  readonly method: 'GET' | 'HEAD';
  /** One range, as RFC 9110 has it and Azure takes it: `bytes=0-99` or `bytes=100-`. */
  readonly range?: string | undefined;
  /** An entity tag: the read fails with status 412 when the blob is another one by now. */
  readonly ifMatch?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface BlobFacts {
  /** Of what is sent: the range, if one was asked for. */
  readonly contentLength: number | undefined;
  /** `bytes 0-99/1234`, when a range is sent. */
  readonly contentRange: string | undefined;
  readonly etag: string | undefined;
  /** As HTTP writes dates, in whole seconds. */
  readonly lastModified: string | undefined;
}

export interface BlobContent extends BlobFacts {
  /**
   * Breaks with an error when the storage does, when the caller leaves or when the storage sends nothing for a while.
   * Whoever gets it reads it to its end or destroys it, which ends the transfer.
   */
  readonly body: Readable;
}

export interface ReadLimits {
  /** Until the answer begins, with the first bytes of the content. */
  readonly signal: AbortSignal;
  /** For how long nothing may come of the content. */
  readonly stallMs: number;
}

/**
 * One attempt. Redirects are not followed: any status but 200 and 206 is a failure, and so is a file that does not begin as
 * a PDF.
 */
export async function readBlobOnce(
  dispatcher: Dispatcher,
  url: URL,
  { method, range, ifMatch, headers }: BlobRequest,
  { signal, stallMs }: ReadLimits,
): Promise<BlobContent> {
  const operation = operationOf(method);
  try {
    const response = await request(url, {
      dispatcher,
      method,
      headers: {
        ...headers,
        // Whatever it is: lengths and ranges are those of the file.
        'accept-encoding': 'identity',
        ...(range !== undefined && { range }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      bodyTimeout: stallMs,
      signal,
    });
    const { statusCode: status, headers: answer, body } = response;
    // Nobody may be listening yet, or any more, when it breaks.
    body.on('error', () => {});
    const facts = factsOf(answer);
    const isAnswer = status === 200 || (status === 206 && range !== undefined);
    if (isAnswer && !isEmpty(facts.contentRange)) {
      const isStart =
        method === 'GET' && (status === 200 || facts.contentRange?.startsWith('bytes 0-') === true);
      if (!isStart || (await beginsAsPdf(body))) return { ...facts, body };
      body.destroy();
      throw new UpstreamError({ kind: 'contract', operation, status });
    }
    body.destroy();
    if (isAnswer) throw new UpstreamError({ kind: 'bad-request', operation, status: 416 });
    throw new UpstreamError({
      kind: status < 400 ? 'contract' : status === 408 ? 'timeout' : kindOfStatus(status),
      operation,
      status,
      detail: codeIn(answer['x-ms-error-code']),
      retryAfterSeconds: readRetryAfter(answer['retry-after']),
    });
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    throw new UpstreamError({ kind: kindOfFailure(cause, signal), operation, cause });
  }
}

export function operationOf(method: BlobRequest['method']): 'getBlob' | 'getBlobProperties' {
  return method === 'GET' ? 'getBlob' : 'getBlobProperties';
}

/** As Azurite, the emulator, answers for a range that begins right behind the end: `bytes 9-8/9`. Azure refuses with 416. */
function isEmpty(contentRange: string | undefined): boolean {
  const [, first, last] = /(\d+)-(\d+)/.exec(contentRange ?? '') ?? [];
  return Number(first) > Number(last);
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What goes on to clients has the form that it should have, or does not go on. */
function factsOf(headers: Headers): BlobFacts {
  const length = matched(headers['content-length'], /^\d{1,15}$/);
  return {
    contentLength: length === undefined ? undefined : Number(length),
    contentRange: matched(headers['content-range'], /^bytes \d{1,15}-\d{1,15}\/\d{1,15}$/),
    etag: matched(headers['etag'], /^(W\/)?"[\x21\x23-\x7e]{0,200}"$/),
    lastModified: matched(headers['last-modified'], /^[\w ,:]{1,40}$/),
  };
}

function codeIn(header: string | string[] | undefined): string | undefined {
  return matched(header, /^[A-Za-z]{1,64}$/);
}

function matched(header: string | string[] | undefined, pattern: RegExp): string | undefined {
  return typeof header === 'string' && pattern.test(header) ? header : undefined;
}
