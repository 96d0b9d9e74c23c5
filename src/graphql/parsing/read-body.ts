import type { IncomingMessage } from 'node:http';
import { RefusalError } from '../../http/answer.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** The time in which the whole body must arrive, in milliseconds. */
  readonly bodyMs: number;
}

/**
 * Reads a body as text, within its limit and its time. The rest of a refused body stays unread, as closing the connection
 * would keep the answer from the client.
 *
 * @throws {RefusalError} at once for an announced length above the limit, and for a body whose client leaves
 */
export async function readBody(req: IncomingMessage, limits: BodyLimits): Promise<string> {
  const { maxBytes, bodyMs } = limits;
  const announced = req.headers['content-length'];
  if (announced !== undefined && !(Number(announced) <= maxBytes)) throw tooLarge(maxBytes);
  const body = new BodyReader(req, maxBytes);
  // A client that sends a byte now and then would keep the connection open.
  const timer = setTimeout(() => body.fail(tooSlow(bodyMs)), bodyMs);
  try {
    return await body.text;
  } finally {
    clearTimeout(timer);
  }
}

class BodyReader {
  readonly #req: IncomingMessage;
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  readonly #text = Promise.withResolvers<string>();
  #bytes = 0;

  constructor(req: IncomingMessage, maxBytes: number) {
    this.#req = req;
    this.#maxBytes = maxBytes;
    // Its client may have left meanwhile, which no event would say again.
    if (req.destroyed) this.#text.reject(cutOff());
    else
      req.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onCut).on('close', this.#onCut);
  }

  get text(): Promise<string> {
    return this.#text.promise;
  }

  fail(refusal: RefusalError): void {
    this.#release();
    this.#req.pause();
    this.#text.reject(refusal);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.fail(tooLarge(this.#maxBytes));
    else this.#chunks.push(chunk);
  };

  readonly #onEnd = (): void => {
    this.#release();
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#text.resolve(whole.toString());
  };

  /** The connection closed before the end of the body. No client receives the answer. */
  readonly #onCut = (): void => this.fail(cutOff());

  #release(): void {
    this.#req.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onCut);
  }
}

const tooLarge = (maxBytes: number): RefusalError =>
  new RefusalError({
    status: 413,
    code: 'REQUEST_ENTITY_TOO_LARGE',
    message: `The body is larger than ${maxBytes.toLocaleString('en')} bytes. Send files as multipart/form-data.`,
  });

const tooSlow = (milliseconds: number): RefusalError =>
  new RefusalError({
    status: 408,
    code: 'REQUEST_TIMEOUT',
    message: `The body did not arrive within ${milliseconds / 1000} s. Send it again.`,
    headers: { connection: 'close' },
  });

const cutOff = (): RefusalError =>
  new RefusalError({
    status: 400,
    code: 'BAD_REQUEST',
    message: 'The request ended before its body did.',
  });
