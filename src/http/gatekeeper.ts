import { setTimeout as pause } from 'node:timers/promises';
import type { RequestListener, Server } from 'node:http';
import type { GatewayEvents } from '../observability/events.ts';
import { watchEventLoop } from './event-loop.ts';
import { answerProbe } from './probes.ts';
import type { Readiness } from './readiness.ts';
import { RunningRequests } from './requests-in-flight.ts';
import { stopServer } from './stop-server.ts';

/** How much a gateway takes on before it refuses; see `useAvailability`. */
export interface LoadLimits {
  /** Requests that are running at the same time; streams do not count. @default Infinity */
  readonly requestsInFlight: number;
  /** By how much the process may lag behind; see `watchEventLoop`. @default Infinity */
  readonly eventLoopDelayMs: number;
}

/** How a gateway ends. */
export interface StopTimes {
  /** How long it goes on as ever while `/ready` already says no, for load balancers to notice. @default 0 */
  readonly delayMs: number;
  /** How long running requests may then take to end. @default 25 000 */
  readonly graceMs: number;
}

export const STOP_TIMES: StopTimes = { delayMs: 0, graceMs: 25_000 };

/** Why requests are not taken at the moment. */
export type Unavailability = 'stopping' | 'requests' | 'event-loop';

/** What every request comes past before Yoga: probes are answered, the others counted, and at the end let out. */
export class FrontDoor {
  readonly running: RunningRequests;
  readonly #events: GatewayEvents;
  readonly #readiness: Readiness;
  readonly #limits: LoadLimits;
  readonly #eventLoop: ReturnType<typeof watchEventLoop> | undefined;
  readonly #times: StopTimes;
  readonly #closing = new AbortController();
  readonly #ending = new AbortController();
  #phase: 'open' | 'leaving' | 'closing' = 'open';

  constructor(options: {
    readonly readiness: Readiness;
    readonly limits: Partial<LoadLimits>;
    readonly stopTimes: Partial<StopTimes>;
    readonly events: GatewayEvents;
  }) {
    this.#events = options.events;
    this.running = new RunningRequests((status) => options.events.emit('response', { status }));
    this.#readiness = options.readiness;
    this.#limits = { requestsInFlight: Infinity, eventLoopDelayMs: Infinity, ...options.limits };
    this.#times = { ...STOP_TIMES, ...options.stopTimes };
    if (this.#limits.eventLoopDelayMs < Infinity) this.#eventLoop = watchEventLoop();
  }

  listener(handler: RequestListener): RequestListener {
    return (req, res) => {
      // Whoever comes again does so over a new connection, which leads elsewhere.
      if (this.#phase !== 'open') res.shouldKeepAlive = false;
      if (answerProbe(req, res, this.#readiness)) return;
      this.running.add(req, res);
      handler(req, res);
    };
  }

  /** Why the request that has just come should be refused; undefined when it can be taken. */
  unavailability(): Unavailability | undefined {
    const reason = this.#reasonToRefuse();
    if (reason !== undefined) this.#events.emit('turnedAway', { reason });
    return reason;
  }

  #reasonToRefuse(): Unavailability | undefined {
    if (this.#phase === 'closing') return 'stopping';
    if (this.running.size > this.#limits.requestsInFlight) return 'requests';
    if ((this.#eventLoop?.delayMs ?? 0) > this.#limits.eventLoopDelayMs) return 'event-loop';
    return undefined;
  }

  /** Aborted when no more requests are taken. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Aborted when what still runs should end by itself, a little before it is aborted. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Ends when the last connection is closed. */
  async close(server: Server): Promise<void> {
    this.#readiness.stop();
    this.#phase = 'leaving';
    this.running.closeConnections();
    if (this.#times.delayMs > 0) await pause(this.#times.delayMs);
    this.#phase = 'closing';
    this.#closing.abort();
    await stopServer(server, this.running, {
      graceMs: this.#times.graceMs,
      onLastCall: () => this.#ending.abort(),
    });
    this.#eventLoop?.close();
  }
}
