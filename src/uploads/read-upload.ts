import type { GatewayEvents } from '../observability/events.ts';
import { UpstreamError } from '../upstream/failure.ts';
import { UploadError } from './file-upload.ts';
import type { FileUpload } from './file-upload.ts';

const MAGIC = Buffer.from('%PDF-');

/**
 * The bytes of a file, after its first five bytes have shown that it is a PDF. If the iteration ends without an error, the
 * file is complete. A chunk is valid until the next one is requested.
 * @throws {UploadError} a consumer that forwards the bytes must then abort instead of finishing
 */
export async function* readPdf(
  file: FileUpload,
  { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal | undefined },
): AsyncGenerator<Buffer, void, void> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let bytes = 0;
  for await (const chunk of file.read(signal)) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new UploadError('too-large', `The file is larger than the limit of ${maxBytes} bytes.`, {
        limitBytes: maxBytes,
      });
    }
    if (!head) {
      yield chunk;
      continue;
    }
    // A copy, because the next chunk invalidates this one.
    head = Buffer.concat([head, chunk]);
    if (!isPrefix(head)) throw notAPdf();
    if (head.length < MAGIC.length) continue;
    yield head;
    head = undefined;
  }
  if (bytes === 0) throw new UploadError('empty', 'The file is empty. Choose a PDF document.');
  if (head) throw notAPdf();
}

function isPrefix(head: Buffer): boolean {
  const length = Math.min(head.length, MAGIC.length);
  return MAGIC.subarray(0, length).equals(head.subarray(0, length));
}

function notAPdf(): UploadError {
  return new UploadError(
    'not-a-pdf',
    'The file is not a PDF: it does not start with %PDF-. Choose a PDF document.',
  );
}

/** A PDF whose first bytes have arrived. Dispose of it, so that the parser skips the bytes that nothing has read. */
export class StartedPdf implements AsyncIterable<Buffer>, Disposable {
  readonly #first: IteratorResult<Buffer, void>;
  readonly #rest: AsyncGenerator<Buffer, void, void>;

  /** Waits for the first bytes of `pdf`. @throws UploadError if it is not a PDF */
  static async from(pdf: AsyncGenerator<Buffer, void, void>): Promise<StartedPdf> {
    return new StartedPdf(await pdf.next(), pdf);
  }

  private constructor(first: IteratorResult<Buffer, void>, rest: AsyncGenerator<Buffer, void, void>) {
    this.#first = first;
    this.#rest = rest;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    if (this.#first.done !== true) yield this.#first.value;
    yield* this.#rest;
  }

  [Symbol.dispose](): void {
    // Not awaited: after a call that failed while it sent, this takes effect only with the next bytes of the client.
    void this.#rest.return();
  }
}

/**
 * Passes the bytes of a file to `work`, and emits `uploadStarted`, `uploadBytes` and `uploadEnded`.
 * @throws the error of `work`
 */
export async function withUploadEvents<T>(
  events: GatewayEvents,
  file: AsyncGenerator<Buffer, void, void>,
  work: (file: AsyncGenerator<Buffer, void, void>) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const ended = (outcome: string): boolean =>
    events.emit('uploadEnded', { outcome, durationMs: performance.now() - startedAt });
  events.emit('uploadStarted');
  try {
    const result = await work(counted(events, file));
    ended('ok');
    return result;
  } catch (failure) {
    ended(outcomeOf(failure));
    throw failure;
  }
}

async function* counted(
  events: GatewayEvents,
  file: AsyncGenerator<Buffer, void, void>,
): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of file) {
    events.emit('uploadBytes', chunk.length);
    yield chunk;
  }
}

/**
 * The kind of the UploadError among the causes, if there is one; `upstream` if the service or its storage failed; `aborted`
 * if the caller left; otherwise `refused`.
 */
function outcomeOf(failure: unknown): string {
  let outcome = 'refused';
  for (let cause: unknown = failure; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof UploadError) return cause.kind;
    if (cause instanceof UpstreamError) outcome = cause.kind === 'aborted' ? 'aborted' : 'upstream';
    else if (cause.name === 'AbortError' && outcome === 'refused') outcome = 'aborted';
  }
  return outcome;
}
