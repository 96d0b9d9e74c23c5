import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Key lengths in bytes that Standard Webhooks allows. */
const [SHORTEST, LONGEST] = [24, 64];
const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;

/** The key of a `whsec_<base64>` secret, as an object that logs do not print. Undefined for another format or length. */
export function readSecret(text: string): KeyObject | undefined {
  const key = Buffer.from(SECRET.exec(text)?.[1] ?? '', 'base64');
  return key.length >= SHORTEST && key.length <= LONGEST ? createSecretKey(key) : undefined;
}

/** The signed content of an attempt. */
export interface SignedParts {
  readonly id: string;
  /** Time of the attempt, not of the event, in whole seconds: receivers refuse a timestamp that is minutes old. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks (https://www.standardwebhooks.com). They have one signature per secret, so that a
 * receiver can rotate its secret.
 */
export function signedHeaders(
  secrets: readonly KeyObject[],
  { id, timestamp, body }: SignedParts,
): Record<`webhook-${'id' | 'timestamp' | 'signature'}`, string> {
  const signatures = secrets.map((secret) => {
    const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`);
    return `v1,${mac.digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
