import { parseRedisUrl } from '../redis/address.ts';
import type { IssuerKeys } from '../upstream/clients.ts';
import type { WebhookEndpoint } from '../webhooks/endpoints.ts';
import { readProxyUrl } from './proxies.ts';

/** The settings that contain secrets. */
interface SecretSources {
  readonly apiKey: IssuerKeys | undefined;
  readonly redisUrl?: URL | string | undefined;
  readonly webhooks?: { readonly endpoints: readonly Pick<WebhookEndpoint, 'url' | 'secrets'>[] } | undefined;
}

/** The secrets of a gateway, which are removed from every response and every log line. */
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

/** Names of variables that usually contain secrets, including those that libraries read (`OTEL_EXPORTER_OTLP_HEADERS`). */
const NAMES = /(?:KEY|TOKEN|SECRET|PASSWORD|HEADERS)$/;

const PROXY_NAMES = /^https?_proxy$/i;

/** The secrets in the environment, before it is validated. */
export function secretsIn(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    if (PROXY_NAMES.test(name)) return credentialsIn(value);
    if (!NAMES.test(name)) return [];
    const headers = value.split(',').map((pair) => pair.slice(pair.indexOf('=') + 1));
    return name.endsWith('HEADERS') ? headers.flatMap((header) => [header, decoded(header)]) : [value];
  });
}

/** The password of a proxy, and its `Proxy-Authorization` value. */
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
