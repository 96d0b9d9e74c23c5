import { request } from 'undici';
import type { Dispatcher } from 'undici';
import { kindOfStatus, UpstreamError } from '../failure/upstream-error.ts';
import type { UpstreamErrorKind } from '../failure/upstream-error.ts';
import { kindOfFailure } from '../failure/classify.ts';
import { readRetryAfter } from '../pipeline/retry-after.ts';

/** A PUT to an upload address. */
export interface StorageCall {
  readonly operation: 'putBlob' | 'putBlock' | 'putBlockList';
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** One attempt. Redirects are not followed: any status but 201 is a failure. */
export async function putOnce(
  dispatcher: Dispatcher,
  url: URL,
  { operation, body, headers }: StorageCall,
  signal: AbortSignal,
): Promise<{ storedAt: Date }> {
  try {
    const response = await request(url, {
      dispatcher,
      method: 'PUT',
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        'content-length': String(Buffer.byteLength(body)),
      },
      body,
      signal,
    });
    const status = response.statusCode;
    if (status === 201) {
      await response.body.dump();
      return { storedAt: dateOf(response.headers['last-modified']) };
    }
    const text = await readStart(response.body);
    throw new UpstreamError({
      kind: kindOf(status),
      operation,
      status,
      detail: errorCode(response.headers['x-ms-error-code'], text),
      retryAfterSeconds: readRetryAfter(response.headers['retry-after']),
    });
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    throw new UpstreamError({ kind: kindOfFailure(cause, signal), operation, cause });
  }
}

function kindOf(status: number): UpstreamErrorKind {
  if (status < 400) return 'contract';
  // Of proxies in front of the storage, which says OperationTimedOut with a 500 itself.
  return status === 408 ? 'timeout' : kindOfStatus(status);
}

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
