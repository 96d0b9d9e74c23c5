import { z } from 'zod';
import { createProxyFor } from '../upstream/proxy-for.ts';
import type { ProxyFor } from '../upstream/proxy-for.ts';
import type { Environment, Values } from './validators.ts';

/** How the gateway gets out of the network that it is in. */
export interface ProxyConfig {
  readonly proxyFor: ProxyFor;
}

/** `proxy.comune.example:3128` is often written without `http://`; nothing at all means that there is none. */
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
  .refine(isProxyUrl, 'must be an http or https URL of a proxy, with credentials in percent-encoding')
  .optional();

export const proxyVariables = {
  HTTPS_PROXY: proxyUrl.describe(
    'HTTP proxy for connections to https addresses, for example `http://proxy.comune.example:3128`. It may hold a user name and a password. Lower case is read too, and first. See [proxies](../operations.md#behind-a-proxy).',
  ),
  HTTP_PROXY: proxyUrl.describe(
    'The same for http addresses. This machine is never reached through a proxy.',
  ),
  NO_PROXY: z
    .string()
    .optional()
    .describe(
      'Addresses that are reached without a proxy, comma-separated: `comune.example` and all names below it, `*.comune.example`, `10.0.0.0/8`, each with or without a port, or `*`.',
    ),
};

/** As other programs read them: the names in lower case are older, and win. */
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
