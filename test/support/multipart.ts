import type { Json } from './start-gateway.ts';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';

export interface FormFile {
  readonly name: string;
  readonly content: Buffer;
  readonly filename?: string;
}

export const BOUNDARY = 'sigillo-test-boundary';

/** A GraphQL multipart body, in exactly this order. `fields` come first and may be invalid on purpose. */
export function multipartBody(
  fields: readonly (readonly [string, string])[],
  files: readonly FormFile[],
): Buffer {
  const parts: Buffer[] = fields.map(([name, value]) =>
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
  );
  for (const { name, content, filename = `${name}.pdf` } of files) {
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: application/pdf\r\n\r\n`;
    parts.push(Buffer.from(head), content, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** A body that gives each variable its file, in this order. */
export function uploadBody(
  query: string,
  files: Readonly<Record<string, Buffer>>,
  variables: object = {},
): Buffer {
  const names = Object.keys(files);
  const operations = {
    query,
    variables: { ...Object.fromEntries(names.map((name) => [name, null])), ...variables },
  };
  const map = Object.fromEntries(names.map((name) => [name, [`variables.${name}`]]));
  return multipartBody(
    [
      ['operations', JSON.stringify(operations)],
      ['map', JSON.stringify(map)],
    ],
    Object.entries(files).map(([name, content]) => ({ name, content })),
  );
}

/** Bytes that begin like a PDF, with a distinct content at each position. */
export function pdfBytes(size: number): Buffer {
  return Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(size - 9)]);
}

export interface Answer {
  readonly status: number;
  readonly headers: string;
  readonly body: { readonly data: Json; readonly errors: readonly Json[] };
}

/**
 * A client that writes its whole request before it reads a byte, as many HTTP libraries do: it gets its answer only from a
 * server that reads the whole request. It has one connection, so that a test can check whether it can be reused.
 */
export class PoliteClient implements Disposable {
  readonly socket: Socket;
  /** Received bytes that are not yet parsed. */
  #text = '';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.pause();
    this.socket.on('error', () => {});
  }

  /** @param length the Content-Length, if it differs from the body */
  async post(body: Buffer, { type = 'multipart/form-data', length = body.length } = {}): Promise<Answer> {
    await this.write(Buffer.from(requestHead(type, length)));
    await this.write(body);
    return this.answer();
  }

  /** Sends only the head and the first bytes of a body. */
  async begin(body: Buffer, bytes: number): Promise<void> {
    await this.write(Buffer.from(requestHead('multipart/form-data', body.length)));
    await this.write(body.subarray(0, bytes));
  }

  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += 65536) {
      if (this.socket.destroyed) throw new Error('the server closed the connection while it was written to');
      if (!this.socket.write(bytes.subarray(at, at + 65536))) await this.#either('drain');
    }
  }

  /** The head of the next response. */
  async interim(): Promise<string> {
    let end: number;
    while ((end = this.#text.indexOf('\r\n\r\n')) < 0) await this.#more();
    const head = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 4);
    return head;
  }

  async answer(): Promise<Answer> {
    const headers = await this.interim();
    const length = Number(/content-length: (\d+)/i.exec(headers)?.[1] ?? 0);
    while (Buffer.byteLength(this.#text) < length) await this.#more();
    const body = Buffer.from(this.#text).subarray(0, length).toString();
    this.#text = Buffer.from(this.#text).subarray(length).toString();
    return {
      status: Number(headers.slice(9, 12)),
      headers,
      body: length > 0 ? JSON.parse(body) : undefined,
    };
  }

  async #more(): Promise<void> {
    const chunk: Buffer | null = this.socket.read();
    if (chunk) this.#text += chunk.toString();
    else if (this.socket.destroyed || this.socket.readableEnded)
      throw new Error(`the connection closed before the answer: ${this.#text}`);
    else await this.#either('readable');
  }

  #either(event: 'drain' | 'readable'): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off(event, done).off('close', done);
        resolve();
      };
      this.socket.on(event, done).on('close', done);
    });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export function requestHead(type: string, length: number): string {
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: ${type}; boundary=${BOUNDARY}\r\nContent-Length: ${length}\r\n\r\n`;
}
