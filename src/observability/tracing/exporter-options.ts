import { readFileSync } from 'node:fs';
import type { AgentOptions } from 'node:https';

/** The proxy that leads to an address, if there is one. */
export type ProxyFor = (target: URL) => URL | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/** What the exporter does not find out itself: the proxy that leads to the collector, in the terms of Node's agents. */
export function exporterOptions(env: Environment, proxyFor: ProxyFor): { httpAgentOptions?: AgentOptions } {
  const setting = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] ?? env[`OTEL_EXPORTER_OTLP_${name}`];
  const endpoint = URL.parse(setting('ENDPOINT') ?? '');
  const proxy = endpoint === null ? undefined : proxyFor(endpoint);
  if (proxy === undefined) return {};
  return {
    httpAgentOptions: {
      keepAlive: true,
      proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href },
      // With options of ours the exporter does not read these itself.
      ...contentOf('ca', setting('CERTIFICATE')),
      ...contentOf('cert', setting('CLIENT_CERTIFICATE')),
      ...contentOf('key', setting('CLIENT_KEY')),
    },
  };
}

/** A file that cannot be read is passed over, as by the exporter: the collector then refuses the connection. */
function contentOf(option: 'ca' | 'cert' | 'key', file: string | undefined): AgentOptions {
  if (file === undefined) return {};
  try {
    return { [option]: readFileSync(file) };
  } catch {
    return {};
  }
}
