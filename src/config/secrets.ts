import { parseRedisUrl } from '../redis/address.ts';
import type { IssuerKeys } from '../upstream/clients.ts';
import type { WebhookEndpoint } from '../webhooks/endpoints.ts';
import { readProxyUrl } from './proxies.ts';

/** Where a gateway has its secrets from. */
interface SecretSources {
  readonly apiKey: IssuerKeys | undefined;
  readonly redisUrl?: URL | string | undefined;
  readonly webhooks?: { readonly endpoints: readonly Pick<WebhookEndpoint, 'url' | 'secrets'>[] } | undefined;
}

/** What a gateway knows that nobody else may: no answer and no line of the log holds it, whatever else goes wrong. */
export function secretsOf({ apiKey, redisUrl, webhooks }: SecretSources): string[] {
  const keys = typeof apiKey === 'string' ? [apiKey] : (apiKey?.values() ?? []);
  const redis = redisUrl === undefined ? undefined : parseRedisUrl(String(redisUrl));
  const ofWebhooks = (webhooks?.endpoints ?? []).flatMap(({ url, secrets }) => [
    `${url.pathname}${url.search}`,
    ...secrets.map((secret) => secret.export().toString('base64')),
  ]);
  const ofRedis = [redis?.password ?? '', redis?.sentinel?.password ?? ''];
  return [...keys, ...ofRedis, ...ofWebhooks].filter((secret) => secret !== '');
}

/** Variables that commonly hold secrets, ours and those that libraries read themselves (`OTEL_EXPORTER_OTLP_HEADERS`). */
const NAMES = /(?:KEY|TOKEN|SECRET|PASSWORD|HEADERS)$/;

const PROXY_NAMES = /^https?_proxy$/i;

/** What the environment holds of them, before anybody has looked whether the rest of it can be used. */
export function secretsIn(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (PROXY_NAMES.test(name)) return credentialsIn(value);
    if (!NAMES.test(name)) return [];
    const headers = value.split(',').map((pair) => pair.slice(pair.indexOf('=') + 1));
    return name.endsWith('HEADERS') ? headers.flatMap((header) => [header, decoded(header)]) : [value];
  });
}

/** Of a proxy: its password, and the header that it goes into. */
function credentialsIn(proxy: string): string[] {
  const { username = '', password = '' } = readProxyUrl(proxy) ?? {};
  if (password === '') return [];
  const header = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
  return [password, decoded(password), header];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
