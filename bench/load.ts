import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from './operations.ts';

/** A request to repeat. `@ID@` in path and body is replaced by a new id of 26 characters each time. */
export interface Template {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** In milliseconds, from the first byte sent to the last byte received, ascending. */
  readonly latencies: readonly number[];
}

/** How long to load, and either with how many requests at a time or with how many per second. */
export type LoadShape = { readonly seconds: number } & (
  { readonly connections: number } | { readonly perSecond: number }
);

/**
 * A client that uses little of the core that it shares with the stub: it writes prepared requests to sockets and reads
 * nothing of an answer but its status and length. An answer with another status than 200 or 201, or of another length than
 * the first, ends the benchmark: the ids have one length, so all answers have.
 */
export class Load {
  readonly #port: number;
  readonly #requests: readonly (readonly string[])[];
  #sent = 0;
  readonly #idle: Connection[] = [];
  readonly #all: Connection[] = [];
  #length: number | undefined;

  /** @param templates take turns; their answers have one length */
  constructor(port: number, templates: readonly Template[]) {
    this.#port = port;
    this.#requests = templates.map(({ method, path, headers = {}, body }) => {
      const length = Buffer.byteLength(body.replaceAll('@ID@', newId()));
      const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers, 'content-length': length });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      return `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`.split('@ID@');
    });
  }

  /** Sends one request. @returns the body of its answer */
  async once(): Promise<string> {
    try {
      const { body } = await this.#connection().send(this.#request());
      return body();
    } finally {
      this.#close();
    }
  }

  /** Returns when the last request is answered. Its connections are new. */
  async run(shape: LoadShape): Promise<LoadResult> {
    const startedAt = performance.now();
    const endsAt = startedAt + shape.seconds * 1000;
    const latencies: number[] = [];
    try {
      if ('connections' in shape) await this.#closedLoop(shape.connections, endsAt, latencies);
      else await this.#openLoop(shape.perSecond, endsAt, latencies);
    } finally {
      this.#close();
    }
    const seconds = (performance.now() - startedAt) / 1000;
    return { requests: latencies.length, seconds, latencies: latencies.sort((a, b) => a - b) };
  }

  async #closedLoop(connections: number, endsAt: number, latencies: number[]): Promise<void> {
    const worker = async (): Promise<void> => {
      while (performance.now() < endsAt) await this.#measure(latencies);
    };
    await Promise.all(Array.from({ length: connections }, worker));
  }

  /** Sends at a constant rate, whether or not earlier requests are answered: a slow answer delays no other request. */
  async #openLoop(perSecond: number, endsAt: number, latencies: number[]): Promise<void> {
    const startedAt = performance.now();
    const running: Promise<void>[] = [];
    for (let now = startedAt; now < endsAt; now = performance.now()) {
      while (running.length < ((now - startedAt) / 1000) * perSecond) running.push(this.#measure(latencies));
      await sleep(1);
    }
    await Promise.all(running);
  }

  async #measure(latencies: number[]): Promise<void> {
    const connection = this.#connection();
    const sentAt = performance.now();
    const { length, body } = await connection.send(this.#request());
    latencies.push(performance.now() - sentAt);
    this.#length ??= length;
    if (length !== this.#length) throw new Error(`An answer of another length: ${body().slice(0, 500)}`);
    this.#idle.push(connection);
  }

  #close(): void {
    for (const connection of this.#all.splice(0)) connection.close();
    this.#idle.length = 0;
  }

  #request(): string {
    this.#sent += 1;
    return this.#requests[this.#sent % this.#requests.length]?.join(newId()) ?? '';
  }

  #connection(): Connection {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const connection = new Connection(this.#port);
    this.#all.push(connection);
    return connection;
  }
}

interface Answer {
  /** Bytes of the body, including the framing of chunks. */
  readonly length: number;
  readonly body: () => string;
}

const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED_END = Buffer.from('\r\n0\r\n\r\n');

/** A connection with at most one request on the way. */
class Connection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #settle: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    // There is no encoding, so the chunks are buffers.
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    const fail = (error?: Error): void =>
      this.#settle?.reject(error ?? new Error('The server closed a connection.'));
    this.#socket.on('error', fail);
    this.#socket.on('close', () => fail());
  }

  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    const data = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    this.#received = [data];
    const end = data.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = data.toString('latin1', 0, end);
    const length = LENGTH.exec(head)?.[1];
    const isComplete =
      length === undefined
        ? data.subarray(-CHUNKED_END.length).equals(CHUNKED_END)
        : data.length >= end + 4 + Number(length);
    if (!isComplete) return;
    this.#received = [];
    const body = (): string => data.toString('utf8', end + 4);
    const settle = this.#settle;
    this.#settle = undefined;
    if (/^HTTP\/1.1 20[01]/.test(head)) settle?.resolve({ length: data.length - end - 4, body });
    else settle?.reject(new Error(`${head}\r\n\r\n${body()}`));
  }
}
