import type { IncomingMessage, ServerResponse } from 'node:http';

interface Running {
  readonly res: ServerResponse;
  readonly controller: AbortController;
  isStream: boolean;
}

/** Requests that have come and whose answers are not out yet. */
export class RunningRequests {
  /** Also of those that are over: whoever still works for one must learn that its client has left. */
  readonly #known = new WeakMap<IncomingMessage, Running>();
  readonly #running = new Set<Running>();
  readonly #onEnd: (status: number | 'left') => void;
  #streams = 0;

  /** @param onEnd told what each was answered, or that its client left before. */
  constructor(onEnd: (status: number | 'left') => void) {
    this.#onEnd = onEnd;
  }

  /** Call it before anything else is done with a request. */
  add(req: IncomingMessage, res: ServerResponse): void {
    const running: Running = { res, controller: new AbortController(), isStream: false };
    this.#known.set(req, running);
    this.#running.add(running);
    res.once('close', () => {
      this.#running.delete(running);
      if (running.isStream) this.#streams -= 1;
      if (!res.writableFinished) running.controller.abort(new DOMException('The client left.', 'AbortError'));
      this.#onEnd(res.writableFinished || running.isStream ? res.statusCode : 'left');
    });
  }

  /** Those that will have an answer and an end: streams are counted apart. */
  get size(): number {
    return this.#running.size - this.#streams;
  }

  /** Answers that go on until somebody ends them. */
  get streams(): number {
    return this.#streams;
  }

  becomesStream(req: IncomingMessage): void {
    const running = this.#known.get(req);
    if (running === undefined || running.isStream || !this.#running.has(running)) return;
    running.isStream = true;
    this.#streams += 1;
  }

  /** Aborted when the client leaves, and by `abortAll`. Undefined for a request that was never added. */
  signalOf(req: IncomingMessage): AbortSignal | undefined {
    return this.#known.get(req)?.controller.signal;
  }

  /** Answers that are not on their way yet say that their connection closes after them. */
  closeConnections(): void {
    for (const { res } of this.#running) if (!res.headersSent) res.shouldKeepAlive = false;
  }

  abortAll(reason: Error): void {
    for (const { controller } of this.#running) controller.abort(reason);
  }
}
