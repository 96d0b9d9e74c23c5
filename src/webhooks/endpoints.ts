import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readSecret } from './sign.ts';

/** Where events are sent to. */
export interface WebhookEndpoint {
  /** What is kept for it is kept under this name: the same after a restart, and it does not give the address away. */
  readonly id: string;
  /** Its place in the file, from 1: what logs call it by. */
  readonly position: number;
  /** May hold a secret of its own, in its path or its query. */
  readonly url: URL;
  /** Each signs. More than one while the receiver changes from one to another. */
  readonly secrets: readonly [KeyObject, ...KeyObject[]];
  /** Whose requests it hears of. Undefined where the gateway has one key for all. */
  readonly tenant: string | undefined;
}

const MAX_ENDPOINTS = 20;
const MAX_SECRETS = 4;

/** On this machine nobody stands between the gateway and the receiver. */
const isPrivateAddress = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));

const WRONG_URL = 'must be an https URL, or http on this machine, without a user name and a fragment';
const url = z.string(WRONG_URL).transform((text, context) => {
  const parsed = URL.parse(text);
  const isGood =
    parsed !== null &&
    isPrivateAddress(parsed) &&
    parsed.username === '' &&
    parsed.password === '' &&
    parsed.hash === '';
  if (isGood) return parsed;
  context.addIssue(WRONG_URL);
  return z.NEVER;
});

const WRONG_SECRET = 'must be whsec_ and the base64 of 24 to 64 random bytes';
const secret = z.string(WRONG_SECRET).transform((text, context) => {
  const key = readSecret(text);
  if (key !== undefined) return key;
  context.addIssue(WRONG_SECRET);
  return z.NEVER;
});
const secrets = z
  .union([secret.transform((key) => [key]), z.array(secret).max(MAX_SECRETS)], {
    error: `${WRONG_SECRET}, or a list of one to ${MAX_SECRETS} of these`,
  })
  .transform(([first, ...others], context): WebhookEndpoint['secrets'] => {
    if (first !== undefined) return [first, ...others];
    context.addIssue('must have a secret');
    return z.NEVER;
  });

const fileRules = z
  .array(
    z.strictObject({ url, secret: secrets, tenant: z.string().min(1).optional() }),
    'must be a list of objects with url and secret',
  )
  .min(1, 'must have an endpoint')
  .max(MAX_ENDPOINTS, `must have ${MAX_ENDPOINTS} endpoints at most`);

/** The file cannot be used. The message holds no secret and no address. */
export class WebhooksError extends Error {
  override readonly name = 'WebhooksError';
}

/**
 * The endpoints that the file names.
 * @throws {WebhooksError}
 */
export function readWebhooks(file: string): readonly WebhookEndpoint[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new WebhooksError('must be a file with JSON that can be read');
  }
  const { data, error } = fileRules.safeParse(parsed);
  if (data === undefined) throw unusable(error.issues.map(({ path, message }) => placed(path, message)));
  const endpoints = data.map(({ url, secret, tenant }, index) => ({
    id: idOf(url, tenant),
    position: index + 1,
    url,
    secrets: secret,
    tenant,
  }));
  const ids = endpoints.map(({ id }) => id);
  const again = ids.findIndex((id, index) => ids.indexOf(id) < index);
  if (again !== -1) throw unusable([placed([again], 'is there twice')]);
  return endpoints;
}

const unusable = (mistakes: readonly string[]): WebhooksError =>
  new WebhooksError(`the file cannot be used: ${mistakes.join('; ')}`);

/** Counted from 1, as in logs. */
function placed([index, ...path]: readonly PropertyKey[], message: string): string {
  if (typeof index !== 'number') return message;
  return [`endpoint ${index + 1}`, path.join('.'), message].filter(Boolean).join(': ');
}

function idOf(url: URL, tenant = ''): string {
  return createHash('sha256').update(`${tenant}\n${url.href}`).digest('base64url').slice(0, 22);
}

/** What does not go together with the tenants that there are; undefined where the gateway has one key for all. */
export function* tenantMistakesIn(
  endpoints: readonly WebhookEndpoint[],
  tenants: ReadonlyMap<string, unknown> | undefined,
): Generator<string> {
  for (const { position, tenant } of endpoints) {
    const mistake =
      tenants === undefined ? 'tenant: needs TENANTS_FILE' : 'tenant: must be one of TENANTS_FILE';
    const isGood = tenant === undefined ? tenants === undefined : tenants?.has(tenant) === true;
    if (!isGood) yield `WEBHOOKS_FILE: ${placed([position - 1], mistake)}`;
  }
}
