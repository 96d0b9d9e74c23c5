import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayEvents } from '../observability/events.ts';
import type { Readiness } from './readiness.ts';

/** The times of a shutdown, in milliseconds. */
export interface StopTimes {
  /** How long `/ready` answers 503 while requests are still accepted, so that load balancers notice. */
  readonly delayMs: number;
  /** How long requests in flight may then take to end. */
  readonly graceMs: number;
}

/** How long before the abort a request in flight is signalled to end; half of a shorter grace period. */
const LAST_CALL_MS = 3_000;
/** The time in which an aborted request can still write its answer. */
const ANSWER_MS = 1_000;
/** The interval at which idle connections are closed during a shutdown. */
const SWEEP_MS = 50;

export interface LifecycleOptions {
  readonly readiness: Readiness;
  readonly stopTimes: StopTimes;
  readonly events: GatewayEvents;
}

/** The requests in flight, and the shutdown that waits for them. */
export class Lifecycle {
  readonly inFlight: RequestsInFlight;
  readonly #readiness: Readiness;
  readonly #times: StopTimes;
  readonly #draining = new AbortController();
  readonly #lastCall = new AbortController();
  #isStopping = false;

  constructor({ readiness, stopTimes, events }: LifecycleOptions) {
    this.inFlight = new RequestsInFlight((status) => events.emit('response', { status }));
    this.#readiness = readiness;
    this.#times = stopTimes;
  }

  /** Call it for each request, before anything else is done with it. */
  begin(req: IncomingMessage, res: ServerResponse): void {
    this.closeConnectionAfter(res);
    this.inFlight.add(req, res);
  }

  /** During a shutdown, clients must open their next connection to another gateway. */
  closeConnectionAfter(res: ServerResponse): void {
    if (this.#isStopping) res.shouldKeepAlive = false;
  }

  /** Aborted when no more requests are accepted. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /** Aborted when the requests that are still in flight should end by themselves, shortly before they are aborted. */
  get lastCall(): AbortSignal {
    return this.#lastCall.signal;
  }

  /** Resolves when the last connection is closed. */
  async close(server: Server): Promise<void> {
    this.#readiness.stop();
    this.#isStopping = true;
    this.inFlight.closeConnections();
    if (this.#times.delayMs > 0) await pause(this.#times.delayMs);
    this.#draining.abort();
    await this.#drain(server);
  }

  /** Accepts no connection, and lets requests in flight end. After the grace period it aborts them and closes every connection. */
  async #drain(server: Server): Promise<void> {
    const { graceMs } = this.#times;
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    this.inFlight.closeConnections();
    // Also connections that become idle later: a client that keeps one open would delay the shutdown.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const lastCallMs = Math.max(graceMs / 2, graceMs - LAST_CALL_MS);
    const timers = [
      setTimeout(() => this.#lastCall.abort(), lastCallMs),
      setTimeout(() => {
        this.inFlight.abortAll(new DOMException('The gateway is shutting down.', 'AbortError'));
      }, graceMs),
      setTimeout(() => server.closeAllConnections(), graceMs + ANSWER_MS),
    ];
    try {
      await closed.promise;
    } finally {
      clearInterval(sweep);
      for (const timer of timers) clearTimeout(timer);
    }
  }
}

interface InFlight {
  readonly res: ServerResponse;
  readonly controller: AbortController;
  isStream: boolean;
  /** Its place in the list of requests in flight. */
  place: number;
}

/** Also of an ended request: work that continues for one must be aborted when its client disconnects. */
const IN_FLIGHT = Symbol('in flight');
type Known = IncomingMessage & { [IN_FLIGHT]?: InFlight };

/**
 * The requests whose answers have not been sent.
 *
 * They are in an array, and found by a property. A `Set` makes a new table every few requests, and what its old tables refer
 * to lives until the next full collection of V8, as do the values of a `WeakMap`; see docs/performance.md.
 */
class RequestsInFlight {
  readonly #inFlight: InFlight[] = [];
  readonly #onEnd: (status: number | 'left') => void;
  #streams = 0;

  /** @param onEnd receives the status of each answer, or `left` when the client left before it */
  constructor(onEnd: (status: number | 'left') => void) {
    this.#onEnd = onEnd;
  }

  add(req: Known, res: ServerResponse): void {
    const place = this.#inFlight.length;
    const entry: InFlight = { res, controller: new AbortController(), isStream: false, place };
    req[IN_FLIGHT] = entry;
    this.#inFlight.push(entry);
    res.on('close', () => {
      this.#remove(entry);
      if (entry.isStream) this.#streams -= 1;
      if (!res.writableFinished) entry.controller.abort(new DOMException('The client left.', 'AbortError'));
      this.#onEnd(res.writableFinished || entry.isStream ? res.statusCode : 'left');
    });
  }

  /** The last one takes its place. */
  #remove({ place }: InFlight): void {
    const last = this.#inFlight.pop();
    if (last === undefined || last.place === place) return;
    last.place = place;
    this.#inFlight[place] = last;
  }

  /** The number of requests in flight without the event streams, which have no foreseeable end. */
  get size(): number {
    return this.#inFlight.length - this.#streams;
  }

  /** The number of open event streams. */
  get streams(): number {
    return this.#streams;
  }

  /** Counts a request as an event stream from now on. */
  becomesStream(req: Known): void {
    const entry = req[IN_FLIGHT];
    if (entry === undefined || entry.isStream || this.#inFlight[entry.place] !== entry) return;
    entry.isStream = true;
    this.#streams += 1;
  }

  /** Aborted when the client leaves, and by `abortAll`. */
  signalOf(req: Known): AbortSignal {
    const entry = req[IN_FLIGHT];
    if (entry === undefined) throw new TypeError('the request is not among the requests in flight');
    return entry.controller.signal;
  }

  /** Closes the connections after the answers whose headers have not been sent. */
  closeConnections(): void {
    for (const { res } of this.#inFlight) if (!res.headersSent) res.shouldKeepAlive = false;
  }

  abortAll(reason: Error): void {
    // An abort may end a request, which then leaves the list.
    for (const { controller } of this.#inFlight.slice()) controller.abort(reason);
  }
}
