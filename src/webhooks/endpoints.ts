import { createHash, createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A receiver of events. */
export interface WebhookEndpoint {
  /** A hash of URL and tenant: stable across restarts, and does not reveal the URL. */
  readonly id: string;
  /** Position in the file, from 1. Logs identify the endpoint by it. */
  readonly position: number;
  /** Its path or query may contain a secret. */
  readonly url: URL;
  /** Each secret signs. There are several while the receiver rotates its secret. */
  readonly secrets: readonly [KeyObject, ...KeyObject[]];
  /** The tenant whose requests are reported; undefined without tenants. */
  readonly tenant: string | undefined;
}

const MAX_ENDPOINTS = 20;
const MAX_SECRETS = 4;

/** Plain http is safe on the loopback interface only. */
const isConfidential = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));

const WRONG_URL = 'must be an https URL, or http on this machine, without user name and fragment';
const url = z.string(WRONG_URL).transform((text, context) => {
  const parsed = URL.parse(text);
  const isGood =
    parsed !== null &&
    isConfidential(parsed) &&
    parsed.username === '' &&
    parsed.password === '' &&
    parsed.hash === '';
  if (isGood) return parsed;
  context.addIssue(WRONG_URL);
  return z.NEVER;
});

const WRONG_SECRET = 'must be whsec_ followed by the base64 of 24 to 64 random bytes';
const secret = z.string(WRONG_SECRET).transform((text, context) => {
  const key = readSecret(text);
  if (key !== undefined) return key;
  context.addIssue(WRONG_SECRET);
  return z.NEVER;
});
const secrets = z
  .union([secret.transform((key) => [key]), z.array(secret).max(MAX_SECRETS)], {
    error: `${WRONG_SECRET}, or a list of 1 to ${MAX_SECRETS} such secrets`,
  })
  .transform(([first, ...others], context): WebhookEndpoint['secrets'] => {
    if (first !== undefined) return [first, ...others];
    context.addIssue('must contain a secret');
    return z.NEVER;
  });

const fileRules = z
  .array(
    z.strictObject({ url, secret: secrets, tenant: z.string().min(1).optional() }),
    'must be a list of objects with url and secret',
  )
  .min(1, 'must contain an endpoint')
  .max(MAX_ENDPOINTS, `must contain at most ${MAX_ENDPOINTS} endpoints`);

/** The file is invalid. The message contains no secret and no URL. */
export class WebhooksError extends Error {
  override readonly name = 'WebhooksError';
}

/** @throws {WebhooksError} */
export function readWebhooks(file: string): readonly WebhookEndpoint[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new WebhooksError('must be a readable JSON file');
  }
  const { data, error } = fileRules.safeParse(parsed);
  if (data === undefined) throw invalid(error.issues.map(({ path, message }) => located(path, message)));
  const endpoints = data.map(({ url, secret, tenant }, index) => ({
    id: idOf(url, tenant),
    position: index + 1,
    url,
    secrets: secret,
    tenant,
  }));
  const ids = endpoints.map(({ id }) => id);
  const duplicate = ids.findIndex((id, index) => ids.indexOf(id) < index);
  if (duplicate !== -1) throw invalid([located([duplicate], 'is a duplicate')]);
  return endpoints;
}

const invalid = (mistakes: readonly string[]): WebhooksError =>
  new WebhooksError(`invalid file: ${mistakes.join('; ')}`);

/** Endpoints are counted from 1, as in logs. */
function located([index, ...path]: readonly PropertyKey[], message: string): string {
  if (typeof index !== 'number') return message;
  return [`endpoint ${index + 1}`, path.join('.'), message].filter(Boolean).join(': ');
}

function idOf(url: URL, tenant = ''): string {
  return createHash('sha256').update(`${tenant}\n${url.href}`).digest('base64url').slice(0, 22);
}

/**
 * Endpoints whose tenant does not fit the configured tenants.
 * @param tenants undefined without tenants
 */
export function* tenantMistakesIn(
  endpoints: readonly WebhookEndpoint[],
  tenants: ReadonlyMap<string, unknown> | undefined,
): Generator<string> {
  for (const { position, tenant } of endpoints) {
    const mistake =
      tenants === undefined ? 'tenant: requires TENANTS_FILE' : 'tenant: must be a tenant of TENANTS_FILE';
    const isGood = tenant === undefined ? tenants === undefined : tenants?.has(tenant) === true;
    if (!isGood) yield `WEBHOOKS_FILE: ${located([position - 1], mistake)}`;
  }
}

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
