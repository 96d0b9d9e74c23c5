import type { GatewayEvents } from '../events.ts';
import type { ClientDecorator, UpstreamClient } from './client.ts';
import { createHttpClient } from './http-client.ts';
import type { HttpClientOptions } from './http-client.ts';
import { withRepeats } from './with-repeats.ts';

/** The key of the one issuer, or of the issuer of each tenant. */
export type IssuerKeys = string | ReadonlyMap<string, string>;

export interface UpstreamClientOptions extends HttpClientOptions {
  /** For one call with all its repeats, in milliseconds. */
  readonly timeoutMs: number;
  readonly events: GatewayEvents;
  /** Put around all others. */
  readonly decorate?: ClientDecorator | undefined;
}

/** The clients of a gateway: one for each issuer's key, with connections of its own, so that nothing is shared. */
export interface UpstreamClients {
  /** With one issuer it is the same for everybody. Undefined for a tenant that there is no key for. */
  of(tenant: string | undefined): UpstreamClient | undefined;
  close(): Promise<void>;
}

/** The client of one issuer's key. What a call passes on its way out, from the last line up. */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const http = createHttpClient(options);
  const client = withRepeats(options)(http);
  return options.decorate?.(client) ?? client;
}

export function createUpstreamClients(
  keys: IssuerKeys,
  options: Omit<UpstreamClientOptions, 'apiKey'>,
): UpstreamClients {
  if (typeof keys === 'string') {
    const client = createUpstreamClient({ ...options, apiKey: keys });
    return { of: () => client, close: () => client.close() };
  }
  const clients = new Map(
    [...keys].map(([tenant, apiKey]) => [tenant, createUpstreamClient({ ...options, apiKey })]),
  );
  return {
    of: (tenant) => (tenant === undefined ? undefined : clients.get(tenant)),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
