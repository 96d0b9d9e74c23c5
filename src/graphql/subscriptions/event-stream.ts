import { Readable } from 'node:stream';
import type { ExecutionResult } from 'graphql';
import { printed } from '../json-answer.ts';

export interface EventStreamOptions {
  /** The interval of keep-alive comments, in milliseconds: proxies close idle connections. */
  readonly heartbeatMs: number;
  /** How long a client may leave events unread, in milliseconds. */
  readonly stallMs: number;
  /** Called when the client reads nothing. */
  readonly onStall: () => void;
}

/** The buffer for a slow client: more than one event, and no more memory than a connection uses. */
const BUFFER_BYTES = 16 * 1024;
const HEARTBEAT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

/**
 * Results as server-sent events, in the distinct connections mode of GraphQL over SSE
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md): `next` for each, then `complete`. It pulls
 * results as the client reads, and ends the source when the client leaves.
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
    this.push(HEARTBEAT); // some browsers report an answer only with its first bytes
    void this.#pump();
  }

  /** Sends a last result and completes the stream. */
  finish(result: ExecutionResult): void {
    this.#end(nextOf(result) + COMPLETE);
  }

  /** Ends without completing: clients reconnect, browsers after `retryMs`. */
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
      // Yoga turns errors into results, so the client has left or the error is not for clients.
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
  return `event: next\ndata: ${printed(result)}\n\n`;
}
