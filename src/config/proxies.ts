import { z } from 'zod';
import { createProxyFor } from '../upstream/connect-through.ts';
import type { ProxyFor } from '../upstream/connect-through.ts';
import type { Environment, Values } from './validators.ts';

/** The proxies for outbound connections. */
export interface ProxyConfig {
  readonly proxyFor: ProxyFor;
}

/** Accepts `proxy.comune.example:3128` without `http://`, as is common. */
export function readProxyUrl(text: string): URL | undefined {
  return URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`) ?? undefined;
}

function isProxyUrl(text: string): boolean {
  if (text === '') return true;
  const url = readProxyUrl(text);
  return (
    url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '' && hasReadableCredentials(url)
  );
}

function hasReadableCredentials({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}${password}`);
    return true;
  } catch {
    return false;
  }
}

const proxyUrl = z
  .string()
  .refine(isProxyUrl, 'must be the http or https URL of a proxy, with percent-encoded credentials')
  .optional();

export const proxyVariables = {
  HTTPS_PROXY: proxyUrl.describe(
    'HTTP proxy for connections to https URLs, for example `http://proxy.comune.example:3128`. It may contain a user name and a password. The lower-case name takes precedence. See [proxies](../operations.md#behind-a-proxy).',
  ),
  HTTP_PROXY: proxyUrl.describe(
    'HTTP proxy for connections to http URLs. Connections to this machine never use a proxy.',
  ),
  NO_PROXY: z
    .string()
    .optional()
    .describe(
      'Hosts to connect to without a proxy, comma-separated: `comune.example` (with its subdomains), `*.comune.example` or `10.0.0.0/8`, each with an optional port, or `*` for all.',
    ),
};

/** Lower-case names take precedence, as in other programs. */
export function withProxies(env: Environment): Environment {
  const lower = Object.keys(proxyVariables).map((name) => [name, env[name.toLowerCase()]] as const);
  return { ...env, ...Object.fromEntries(lower.filter(([, value]) => value !== undefined)) };
}

export function proxyConfigOf(values: Values<typeof proxyVariables>): ProxyConfig {
  const urlOf = (text = ''): URL | undefined => (text === '' ? undefined : readProxyUrl(text));
  return {
    proxyFor: createProxyFor({
      https: urlOf(values.HTTPS_PROXY),
      http: urlOf(values.HTTP_PROXY),
      except: values.NO_PROXY,
    }),
  };
}
