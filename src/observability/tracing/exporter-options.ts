import { readFileSync } from 'node:fs';
import type { AgentOptions } from 'node:https';

/** The proxy that leads to an address, if there is one. */
export type ProxyFor = (target: URL) => URL | undefined;

type Environment = Readonly<Record<string, string | undefined>>;

/** Options that the exporter does not read from the environment: the proxy to the collector, as options of Node's agents. */
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
      // With custom options the exporter does not read these itself.
      ...contentOf('ca', setting('CERTIFICATE')),
      ...contentOf('cert', setting('CLIENT_CERTIFICATE')),
      ...contentOf('key', setting('CLIENT_KEY')),
    },
  };
}

/** An unreadable file is ignored, as the exporter does: the collector then refuses the connection. */
function contentOf(option: 'ca' | 'cert' | 'key', file: string | undefined): AgentOptions {
  if (file === undefined) return {};
  try {
    return { [option]: readFileSync(file) };
  } catch {
    return {};
  }
}
