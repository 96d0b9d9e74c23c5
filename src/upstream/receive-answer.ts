import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { BrotliOptions, ZlibOptions, ZstdOptions } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

export interface ReceiveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called when the answer begins. */
  readonly onStart: (status: number, headers: IncomingHttpHeaders) => void;
  /** The failure for the reason of the signal, or for an error of undici. */
  readonly failureOf: (reason: unknown) => Error;
}

/**
 * Sends a request and collects its answer, whose size the dispatcher limits (`maxResponseSize`). It uses `dispatch`, because
 * the stream that `request` makes of each answer costs more than everything else that a small answer needs.
 * @throws what `failureOf` returns
 */
export function receiveAnswer(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  options: ReceiveOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const receiver = new AnswerReceiver({ ...options, body: request.body, resolve, reject });
    if (options.signal?.aborted === true) receiver.abort();
    else dispatcher.dispatch(request, receiver);
  });
}

interface ReceiverOptions extends ReceiveOptions {
  readonly body: Dispatcher.DispatchOptions['body'];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

class AnswerReceiver implements Dispatcher.DispatchHandler {
  readonly #options: ReceiverOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];

  constructor(options: ReceiverOptions) {
    this.#options = options;
    options.signal?.addEventListener('abort', this.abort);
  }

  readonly abort = (): void => {
    const reason: unknown = this.#options.signal?.reason;
    // A request that waits for a connection has no controller yet.
    this.#controller?.abort(asError(reason));
    this.#fail(reason);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { signal } = this.#options;
    this.#controller = controller;
    if (signal?.aborted === true) controller.abort(asError(signal.reason));
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#options.onStart(status, headers);
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first = Buffer.alloc(0)] = this.#chunks;
    const bytes = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#leave();
    this.#options.resolve({ status: this.#status, headers: this.#headers, bytes });
  }

  onResponseError(_: unknown, error: Error): void {
    this.#fail(error);
  }

  #fail(reason: unknown): void {
    const { body, reject, failureOf } = this.#options;
    this.#leave();
    // undici destroys a body only if it has begun to send it.
    if (body instanceof Readable) body.on('error', () => {}).destroy(asError(reason));
    reject(failureOf(reason));
  }

  #leave(): void {
    this.#options.signal?.removeEventListener('abort', this.abort);
  }
}

const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error('aborted', { cause: reason });

type Decompress = (data: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** Names of RFC 9110, section 8.4.1, and RFC 8878. */
const DECODERS: Readonly<Record<string, Decompress>> = {
  gzip: promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  'x-gzip': promisify<Buffer, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<Buffer, ZlibOptions, Buffer>(inflate),
  br: promisify<Buffer, BrotliOptions, Buffer>(brotliDecompress),
  zstd: promisify<Buffer, ZstdOptions, Buffer>(zstdDecompress),
  identity: (data) => Promise.resolve(data),
};

const utf8 = new TextDecoder(); // drops a byte order mark

/** The text of a body without a content coding. */
export function plainTextOf(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/**
 * Decodes the text of a body. The gateway requests `identity`, but some proxies compress anyway.
 * @throws {TypeError} for an unknown coding.
 * @throws {RangeError} for a body of more than `maxBytes` once decoded.
 */
export async function decodedTextOf(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<string> {
  // Codings are listed in the order of their application.
  const codings = (contentEncoding ?? '').split(',').map((name) => name.trim().toLowerCase());
  let decoded: Buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const coding of codings.filter((name) => name !== '').reverse()) {
    const decode = DECODERS[coding];
    if (decode === undefined) throw new TypeError(`unknown Content-Encoding ${coding.slice(0, 20)}`);
    decoded = await decode(decoded, { maxOutputLength: maxBytes });
  }
  return plainTextOf(decoded);
}
