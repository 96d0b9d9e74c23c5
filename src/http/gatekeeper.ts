import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { GatewayEvents } from '../observability/events.ts';
import { holdsFiscalCode } from '../observability/logging/scrubber.ts';
import type { EdgeRequest, Refusal } from './answer.ts';
import type { Lifecycle } from './lifecycle.ts';
import { excessRefusal } from './rate-limit.ts';
import type { Excess, RateLimit } from './rate-limit.ts';

/** The load at which the gateway refuses further requests. */
export interface LoadLimits {
  /** Requests in flight, without event streams. */
  readonly requestsInFlight: number;
  /** The delay of the event loop, in milliseconds; see `EventLoopMonitor`. Infinity: no limit. */
  readonly eventLoopDelayMs: number;
}

export interface GatekeeperOptions {
  readonly lifecycle: Pick<Lifecycle, 'draining' | 'inFlight'>;
  readonly limits: LoadLimits;
  readonly events: GatewayEvents;
  /** The address on which the gateway listens. */
  readonly listensOn: string;
  /** Names of the gateway besides those of its machine. */
  readonly allowedHosts: readonly string[];
  readonly rateLimit: RateLimit | undefined;
}

const SHUTTING_DOWN = {
  status: 503,
  code: 'SHUTTING_DOWN',
  message: 'The gateway is shutting down. Nothing was done for this request. Send it again.',
};
const OVERLOADED = {
  status: 503,
  code: 'OVERLOADED',
  message: 'The gateway is overloaded. Nothing was done for this request. Send it again later.',
};
/** A random wait up to this keeps refused clients from returning all at once. */
const MAX_WAIT_SECONDS = 5;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The longest URL that proxies and servers commonly accept. */
const MAX_URL_LENGTH = 8_000;

/** Decides, before anything of a request is read, whether it is accepted. The cheapest check comes first. */
export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  readonly #eventLoop: EventLoopMonitor | undefined;
  readonly #acceptsAnyHost: boolean;

  constructor(options: GatekeeperOptions) {
    const { listensOn, allowedHosts, limits } = options;
    this.#options = options;
    if (limits.eventLoopDelayMs < Infinity) this.#eventLoop = new EventLoopMonitor();
    this.#acceptsAnyHost =
      allowedHosts.length === 0 && !LOOPBACK.test(listensOn === '::1' ? '[::1]' : listensOn);
  }

  /** @returns undefined when the request is accepted. */
  refusalOf({ req, url }: EdgeRequest): Refusal | undefined | Promise<Refusal | undefined> {
    const refusal =
      this.#checkAvailability() ??
      this.#checkHost(req.headers.host ?? '') ??
      checkUrl(`${url.origin}${req.url ?? ''}`);
    if (refusal !== undefined) return refusal;
    const excess = this.#options.rateLimit?.takeForAddress(req);
    return excess instanceof Promise ? excess.then(refusalOfExcess) : refusalOfExcess(excess);
  }

  close(): void {
    this.#eventLoop?.close();
  }

  #checkAvailability(): Refusal | undefined {
    const { lifecycle, limits, events } = this.#options;
    if (lifecycle.draining.aborted) {
      events.emit('turnedAway', { reason: 'stopping' });
      // Another gateway, or this one after its restart, can answer at once.
      return { ...SHUTTING_DOWN, headers: { 'retry-after': '1', connection: 'close' } };
    }
    const isFull = lifecycle.inFlight.size > limits.requestsInFlight;
    if (!isFull && (this.#eventLoop?.delayMs ?? 0) <= limits.eventLoopDelayMs) return undefined;
    events.emit('turnedAway', { reason: isFull ? 'requests' : 'event-loop' });
    const seconds = 1 + Math.floor(Math.random() * MAX_WAIT_SECONDS);
    return { ...OVERLOADED, headers: { 'retry-after': String(seconds) } };
  }

  /**
   * Refuses requests for another host. A page of evil.example whose name resolves to 127.0.0.1 (DNS rebinding) has the same
   * origin as the gateway in the eyes of the browser; only the `Host` header reveals it.
   *
   * Names of this machine are always allowed. Without `allowedHosts`, a gateway that listens on loopback accepts only
   * those, and any other gateway accepts every name, because it cannot know its own.
   */
  #checkHost(host: string): Refusal | undefined {
    const name = host.replace(/:\d*$/, '').toLowerCase();
    if (this.#acceptsAnyHost || LOOPBACK.test(name) || this.#options.allowedHosts.includes(name))
      return undefined;
    return {
      status: 421,
      code: 'HOST_NOT_ALLOWED',
      message: 'The host is not a name of this gateway. Add the name to ALLOWED_HOSTS.',
    };
  }
}

const refusalOfExcess = (excess: Excess | undefined): Refusal | undefined => excess && excessRefusal(excess);

/** URLs end up in logs and histories: long URLs and fiscal codes in URLs are refused. */
function checkUrl(url: string): Refusal | undefined {
  if (url.length > MAX_URL_LENGTH)
    return {
      status: 414,
      code: 'URI_TOO_LONG',
      message: `The URL is longer than ${MAX_URL_LENGTH.toLocaleString('en')} characters. Send the operation by POST.`,
    };
  if (!holdsFiscalCodeInUrl(url)) return undefined;
  return {
    status: 400,
    code: 'FISCAL_CODE_IN_URL',
    message: 'The URL contains a fiscal code, which logs would keep. Send the operation by POST.',
  };
}

/** Sixteen letters and digits in a row, or an escape of one. Most URLs have neither. */
const MAY_HOLD_FISCAL_CODE = /[\da-z]{16}|[%\\]/i;

/** As written, percent-encoded, and with the escapes of JSON and GraphQL strings. */
function holdsFiscalCodeInUrl(url: string): boolean {
  if (!MAY_HOLD_FISCAL_CODE.test(url)) return false;
  const decoded = url.replaceAll('+', ' ').replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => charOf(hex));
  const unescaped = decoded.replaceAll(
    /\\u(?:\{0*([\da-f]{1,4})\}|([\da-f]{4}))/gi,
    (_, braced?: string, four?: string) => charOf(braced ?? four ?? ''),
  );
  return [url, decoded, unescaped].some(holdsFiscalCode);
}

const charOf = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));

const RESOLUTION_MS = 10;
const WINDOW_MS = 1_000;

/**
 * Measures how busy the process is. It averages over one second, because a single long task is no overload: a garbage
 * collection of 300 ms raises the average of its second by 3 ms. It takes the lower of the last two averages, because a
 * thousand clients that connect at once may keep the process busy for more than a second without overloading it.
 */
class EventLoopMonitor {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #previousMs = 0;
  #latestMs = 0;

  constructor() {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#previousMs = this.#latestMs;
      // The mean is NaN while there is no measurement.
      this.#latestMs = Math.max(0, (this.#histogram.mean || 0) / 1e6 - RESOLUTION_MS);
      this.#histogram.reset();
    }, WINDOW_MS).unref();
  }

  /** How late timers are, in milliseconds. */
  get delayMs(): number {
    return Math.min(this.#previousMs, this.#latestMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }
}
