import { Agent } from 'undici';
import { readRetryAfter } from '../upstream/pipeline/retry.ts';
import { connectThrough } from '../upstream/connect-through.ts';
import type { ProxyFor } from '../upstream/connect-through.ts';
import { readVersion } from '../version.ts';
import type { WebhookEndpoint } from './endpoints.ts';
import type { Message } from './messages.ts';
import { signedHeaders } from './endpoints.ts';

/** The outcome of an attempt. */
export type Sent =
  | { readonly kind: 'delivered'; readonly status: number }
  /** The receiver answered 410: it wants no further events. */
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'failed';
      /** A status, `timeout`, or an error code of Node or undici. Never content from the receiver. */
      readonly reason: string;
      readonly retryAfterMs?: number;
    }
  /** The gateway is shutting down: the event may or may not have arrived. */
  | { readonly kind: 'aborted' };

export interface Sender {
  send(endpoint: WebhookEndpoint, message: Message, signal: AbortSignal): Promise<Sent>;
  close(): Promise<void>;
}

export interface SenderOptions {
  readonly proxyFor: ProxyFor;
  /** Deadline of an attempt, from the connection to the end of the response. @default 15 000 */
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** A response body is read up to this size and dropped, so that its connection can be reused. */
const MAX_RESPONSE_BYTES = 64 * 1024;
const CONNECTIONS_PER_ENDPOINT = 4;

/**
 * Sends events to the configured URL. It follows no redirects, and allows private addresses, because only the operator
 * configures URLs.
 */
export class WebhookSender implements Sender {
  readonly #agent: Agent;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #userAgent = `sigillo/${readVersion()}`;

  constructor({ proxyFor, timeoutMs = 15_000, now = Date.now }: SenderOptions) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    this.#agent = new Agent({
      connections: CONNECTIONS_PER_ENDPOINT,
      connect: connectThrough({ proxyFor, timeoutMs: Math.min(timeoutMs, 5_000) }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      allowH2: false,
    });
  }

  async send({ url, secrets }: WebhookEndpoint, { id, body }: Message, shutdown: AbortSignal): Promise<Sent> {
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    const signal = AbortSignal.any([shutdown, deadline]);
    const signed = signedHeaders(secrets, { id, timestamp: Math.floor(this.#now() / 1000), body });
    try {
      const response = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers: { ...signed, 'content-type': 'application/json', 'user-agent': this.#userAgent },
        body,
        signal,
      });
      const { statusCode: status } = response;
      // The status decides, even if the body is interrupted.
      await response.body.dump({ limit: MAX_RESPONSE_BYTES, signal }).catch(() => undefined);
      if (status >= 200 && status < 300) return { kind: 'delivered', status };
      if (status === 410) return { kind: 'gone' };
      const retryAfterMs = (readRetryAfter(response.headers['retry-after'], this.#now()) ?? 0) * 1_000;
      return { kind: 'failed', reason: String(status), retryAfterMs };
    } catch (failure) {
      if (shutdown.aborted) return { kind: 'aborted' };
      return { kind: 'failed', reason: deadline.aborted ? 'timeout' : codeOf(failure) };
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** The code only: the message of an error may quote the response. */
function codeOf(failure: unknown): string {
  if (!(failure instanceof Error)) return 'failed';
  return 'code' in failure ? String(failure.code) : failure.name;
}
