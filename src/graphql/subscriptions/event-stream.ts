import { Readable } from 'node:stream';
import type { ExecutionResult, GraphQLError } from 'graphql';

export interface EventStreamOptions {
  /** Between two signs of life, in milliseconds: proxies close connections on which nothing comes. */
  readonly heartbeatMs: number;
  /** How long a client may leave what it was sent unread, in milliseconds. */
  readonly stallMs: number;
  /** The client reads nothing. */
  readonly onStall: () => void;
}

/** Waits for a client so far behind: more than one event, and no more memory than a connection takes anyway. */
const BUFFER_BYTES = 16 * 1024;
const HEARTBEAT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

/**
 * Results as server-sent events, in the distinct connections mode of GraphQL over SSE
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `next` for each, then `complete`. Results are asked
 * for as the client reads; the source is told when it leaves.
 */
export class EventStream extends Readable {
  readonly #source: AsyncIterator<ExecutionResult>;
  readonly #options: EventStreamOptions;
  readonly #heartbeat: NodeJS.Timeout;
  #stall: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;
  #isEnding = false;

  constructor(results: AsyncIterable<ExecutionResult>, options: EventStreamOptions) {
    super({ highWaterMark: BUFFER_BYTES });
    this.#source = results[Symbol.asyncIterator]();
    this.#options = options;
    this.#heartbeat = setInterval(() => {
      if (this.readableLength === 0) this.push(HEARTBEAT);
    }, options.heartbeatMs);
    this.push(HEARTBEAT); // some browsers show nothing of an answer before its first bytes
    void this.#pump();
  }

  /** Sends a last result and says that there will be no other. */
  finish(result: ExecutionResult): void {
    this.#end(nextOf(result) + COMPLETE);
  }

  /** Ends without saying that it is complete: clients subscribe again, browsers after so many milliseconds. */
  leaveOff(retryMs: number): void {
    this.#end(`retry: ${retryMs}\n\n`);
  }

  override _read(): void {
    clearTimeout(this.#stall);
    this.#drained?.();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#isEnding = true;
    this.#clear();
    callback(error);
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#source.next();
        if (this.#isEnding) return;
        if (done === true) return this.#end(COMPLETE);
        if (!this.push(nextOf(value))) await this.#drain();
        if (this.#isEnding) return;
      }
    } catch {
      // Yoga makes results of errors: this is a client who has left, or nothing that a client could be told.
      this.#end('');
    }
  }

  async #drain(): Promise<void> {
    this.#stall = setTimeout(this.#options.onStall, this.#options.stallMs);
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  #end(last: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#clear();
    this.#stall = setTimeout(this.#options.onStall, this.#options.stallMs);
    if (last !== '') this.push(last);
    this.push(null);
  }

  #clear(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#stall);
    this.#drained?.();
    void this.#source.return?.();
  }
}

function nextOf(result: ExecutionResult): string {
  const { errors } = result;
  const printed = errors === undefined ? result : { ...result, errors: errors.map(withoutInternals) };
  return `event: next\ndata: ${JSON.stringify(printed)}\n\n`;
}

/** As Yoga does in its other answers: `http` and `unexpected` are for the server. */
function withoutInternals(error: GraphQLError): object {
  const { http: _, unexpected: __, ...extensions } = error.extensions;
  const { extensions: ___, ...shown } = error.toJSON();
  return Object.keys(extensions).length === 0 ? shown : { ...shown, extensions };
}
