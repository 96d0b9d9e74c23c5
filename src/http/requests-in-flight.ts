import type { IncomingMessage, ServerResponse } from 'node:http';

interface InFlight {
  readonly res: ServerResponse;
  readonly controller: AbortController;
  isStream: boolean;
}

/** The requests whose answers have not been sent. */
export class RequestsInFlight {
  /** Includes ended requests: work that continues for one must be aborted when its client disconnects. */
  readonly #known = new WeakMap<IncomingMessage, InFlight>();
  readonly #inFlight = new Set<InFlight>();
  readonly #onEnd: (status: number | 'left') => void;
  #streams = 0;

  /** @param onEnd receives the status of each answer, or `left` when the client left before it */
  constructor(onEnd: (status: number | 'left') => void) {
    this.#onEnd = onEnd;
  }

  add(req: IncomingMessage, res: ServerResponse): void {
    const entry: InFlight = { res, controller: new AbortController(), isStream: false };
    this.#known.set(req, entry);
    this.#inFlight.add(entry);
    res.once('close', () => {
      this.#inFlight.delete(entry);
      if (entry.isStream) this.#streams -= 1;
      if (!res.writableFinished) entry.controller.abort(new DOMException('The client left.', 'AbortError'));
      this.#onEnd(res.writableFinished || entry.isStream ? res.statusCode : 'left');
    });
  }

  /** The number of requests in flight without the event streams, which have no foreseeable end. */
  get size(): number {
    return this.#inFlight.size - this.#streams;
  }

  /** The number of open event streams. */
  get streams(): number {
    return this.#streams;
  }

  /** Counts a request as an event stream from now on. */
  becomesStream(req: IncomingMessage): void {
    const entry = this.#known.get(req);
    if (entry === undefined || entry.isStream || !this.#inFlight.has(entry)) return;
    entry.isStream = true;
    this.#streams += 1;
  }

  /** Aborted when the client leaves, and by `abortAll`. */
  signalOf(req: IncomingMessage): AbortSignal {
    const entry = this.#known.get(req);
    if (entry === undefined) throw new TypeError('the request is not among the requests in flight');
    return entry.controller.signal;
  }

  /** Closes the connections after the answers whose headers have not been sent. */
  closeConnections(): void {
    for (const { res } of this.#inFlight) if (!res.headersSent) res.shouldKeepAlive = false;
  }

  abortAll(reason: Error): void {
    for (const { controller } of this.#inFlight) controller.abort(reason);
  }
}
