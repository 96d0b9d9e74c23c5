import type { IncomingMessage } from 'node:http';
import { tenantOf } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import { createContext } from '../resolvers/context.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { counted } from '../upstream/pipeline/counted.ts';
import type { OriginClients } from '../upstream/sandbox-headers.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { Parts } from './parts.ts';

export type ContextFactory = (
  headers: RequestHeaders,
  req: IncomingMessage,
  caller: Caller,
) => GatewayContext;

/** Makes the contexts of admitted requests. */
export function contextFactory(
  { maxUploadBytes, uploadStallMs, operationTimeoutMs, watching, isSandbox }: GatewayOptions,
  { blocks, inspector, idempotency, events, watchers, webhooks, upstreams, storage, lifecycle }: Parts,
): ContextFactory {
  const { lastCall, inFlight } = lifecycle;
  const limits = { maxUploadBytes, uploadStallMs, operationTimeoutMs };
  const shared = { blocks, inspector, idempotency, events, watching, lastCall, limits };
  return (headers, req, caller) => {
    const tenant = tenantOf(caller);
    const issuer = upstreams.of(tenant);
    if (issuer === undefined) throw new TypeError('a caller without an API key of the service was admitted');
    const tally = currentRequest()?.record.upstream;
    const clientsOf = (kind: 'shared' | 'bare'): OriginClients => {
      const clients = { upstream: issuer[kind], storage: storage[kind] };
      return tally === undefined ? clients : counted(clients, tally);
    };
    const ofTenant = { watcher: watchers.of(issuer.shared), webhooks: webhooks.of(tenant) };
    const sandbox = isSandbox ? clientsOf('bare') : undefined;
    return createContext({ ...shared, ...clientsOf('shared'), sandbox, ...ofTenant }, caller, {
      headers,
      signal: inFlight.signalOf(req),
    });
  };
}
