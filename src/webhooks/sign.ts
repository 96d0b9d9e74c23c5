import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Lengths of the key in bytes that Standard Webhooks asks for. */
const [SHORTEST, LONGEST] = [24, 64];
const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;

/** What `whsec_<base64>` stands for, as a key that nothing prints. Undefined when it is not of that form and length. */
export function readSecret(text: string): KeyObject | undefined {
  const key = Buffer.from(SECRET.exec(text)?.[1] ?? '', 'base64');
  return key.length >= SHORTEST && key.length <= LONGEST ? createSecretKey(key) : undefined;
}

/** What one attempt sends. */
export interface SignedParts {
  readonly id: string;
  /** Of the attempt, not of the event: receivers refuse what is minutes old. In whole seconds. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks (https://www.standardwebhooks.com): one signature for each secret, so that a receiver
 * may change from one to the other in its own time.
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
