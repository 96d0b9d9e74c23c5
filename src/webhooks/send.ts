import { Agent } from 'undici';
import { readRetryAfter } from '../upstream/pipeline/retry-after.ts';
import { readVersion } from '../version.ts';
import type { WebhookEndpoint } from './endpoints.ts';
import type { Message } from './messages.ts';
import { signedHeaders } from './sign.ts';

/** What became of an attempt. */
export type Sent =
  | { readonly kind: 'delivered'; readonly status: number }
  /** The receiver wants no more (410). */
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'failed';
      /** A status, `timeout`, or a code of Node or undici: nothing that the receiver said. */
      readonly reason: string;
      readonly retryAfterMs?: number;
    }
  /** The gateway ends: nobody knows whether it arrived. */
  | { readonly kind: 'aborted' };

export interface Sender {
  send(endpoint: WebhookEndpoint, message: Message, signal: AbortSignal): Promise<Sent>;
  close(): Promise<void>;
}

export interface SenderOptions {
  /** For an attempt, from the connection to the end of the answer. @default 15 000 */
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Receivers answer with a status; what they write is read so far, lest a connection is lost, and dropped. */
const MAX_ANSWER_BYTES = 64 * 1024;
const CONNECTIONS_PER_ENDPOINT = 4;

/**
 * Sends events. Redirects are not followed: the address is the one in the configuration. It may be a private one, as the
 * operator alone names it.
 */
export function createSender({ timeoutMs = 15_000, now = Date.now }: SenderOptions = {}): Sender {
  const agent = new Agent({
    connections: CONNECTIONS_PER_ENDPOINT,
    connect: { timeout: Math.min(timeoutMs, 5_000) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    allowH2: false,
  });
  const userAgent = `sigillo/${readVersion()}`;

  return {
    async send({ url, secrets }, { id, body }, ending) {
      const deadline = AbortSignal.timeout(timeoutMs);
      const signal = AbortSignal.any([ending, deadline]);
      const signed = signedHeaders(secrets, { id, timestamp: Math.floor(now() / 1000), body });
      try {
        const answer = await agent.request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'POST',
          headers: { ...signed, 'content-type': 'application/json', 'user-agent': userAgent },
          body,
          signal,
        });
        const { statusCode: status } = answer;
        // A status is an answer, whatever follows it.
        await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => undefined);
        if (status >= 200 && status < 300) return { kind: 'delivered', status };
        if (status === 410) return { kind: 'gone' };
        const retryAfterMs = (readRetryAfter(answer.headers['retry-after'], now()) ?? 0) * 1_000;
        return { kind: 'failed', reason: String(status), retryAfterMs };
      } catch (failure) {
        if (ending.aborted) return { kind: 'aborted' };
        return { kind: 'failed', reason: deadline.aborted ? 'timeout' : codeOf(failure) };
      }
    },
    close: () => agent.destroy(),
  };
}

/** Messages of failures may quote what was received. */
function codeOf(failure: unknown): string {
  if (!(failure instanceof Error)) return 'failed';
  return 'code' in failure ? String(failure.code) : failure.name;
}
