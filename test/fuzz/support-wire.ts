import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One parsed answer. */
export interface WireAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The gateway sent invalid HTTP. */
class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~\w-]+): ([\x20-\x7e]*)$/;

/** The answer that `bytes` begin with and how many it takes, or undefined when there is not all of it. RFC 9112, strictly. */
function parseAnswer(
  bytes: Buffer,
  options: { readonly isHead: boolean; readonly isClosed: boolean; readonly isEventEnough: boolean },
): { readonly answer: WireAnswer; readonly length: number } | undefined {
  const { isHead, isClosed, isEventEnough } = options;
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(STATUS_LINE.exec(first)?.[1]);
  if (Number.isNaN(status)) throw new MalformedAnswer(`no status line: ${first}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new MalformedAnswer(`no header: ${line}`);
    headers.set(name.toLowerCase(), value);
  }
  const start = end + 4;
  const done = (body: Buffer, length: number) => ({
    answer: { status, headers, body: body.toString() },
    length: start + length,
  });
  const rest = bytes.subarray(start);
  if (isHead || status < 200 || status === 204 || status === 304) return done(Buffer.alloc(0), 0);
  if (headers.get('transfer-encoding') === 'chunked') {
    const body = parseChunks(rest);
    if (
      body === undefined &&
      isEventEnough &&
      headers.get('content-type')?.startsWith('text/event-stream') === true
    )
      return rest.includes('\r\n\n') || rest.includes('\n\n') ? done(rest, rest.length) : undefined;
    return body && done(body.content, body.length);
  }
  const announced = headers.get('content-length');
  // Node's own refusals end with the connection.
  if (announced === undefined && headers.get('connection') === 'close')
    return isClosed ? done(rest, rest.length) : undefined;
  const length = Number(announced);
  if (announced === undefined || !Number.isInteger(length))
    throw new MalformedAnswer(`an answer without an end: ${first}`);
  return rest.length < length ? undefined : done(rest.subarray(0, length), length);
}

function parseChunks(bytes: Buffer): { readonly content: Buffer; readonly length: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const digits = bytes.toString('latin1', at, line);
    if (!/^[\da-f]+$/i.test(digits)) throw new MalformedAnswer(`no chunk: ${digits}`);
    const size = Number.parseInt(digits, 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    if (size === 0) return { content: Buffer.concat(chunks), length: next };
    at = next;
  }
}

/** A connection to the gateway on which anything may be sent. */
export class Wire {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {}); // a gateway that closes on us is one of the things it may do
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.once('close', () => {
      this.#isClosed = true;
    });
  }

  static async open({ hostname, port }: URL): Promise<Wire> {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const wire = new Wire(socket);
    await once(socket, 'connect');
    return wire;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(bytes: Buffer): void {
    if (!this.#socket.writableEnded) this.#socket.write(bytes);
  }

  /** Says that nothing more will be sent. */
  end(): void {
    this.#socket.end();
  }

  /**
   * The next answer, or undefined when the gateway has closed the connection.
   * @param isEventEnough a stream of events need not end: its first event is its answer, and the rest is lost
   * @throws {MalformedAnswer}
   */
  async answer({ isHead = false, isEventEnough = false } = {}): Promise<WireAnswer | undefined> {
    for (;;) {
      const parsed = parseAnswer(this.#received, { isHead, isClosed: this.#isClosed, isEventEnough });
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.length);
        if (parsed.answer.status >= 200) return parsed.answer;
        continue; // 100 Continue
      }
      if (this.#isClosed) {
        if (this.#received.length === 0) return undefined;
        throw new MalformedAnswer(`an answer that is cut off: ${this.#received.toString('latin1', 0, 200)}`);
      }
      await this.#something();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('data', done).off('close', done);
        resolve();
      };
      this.#socket.on('data', done).on('close', done);
    });
  }
}
