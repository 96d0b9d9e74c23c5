import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { AuthenticationOptions } from '../auth/authenticate.ts';
import type { GatewayEvents } from '../observability/events.ts';
import type { IdempotencyTimes } from '../idempotency/idempotency.ts';
import type { WatchingOptions } from '../watching/status-watcher.ts';
import type { MetricsAddress } from '../observability/metrics/start-metrics.ts';
import type { Protections } from '../graphql/protections.ts';
import type { StreamOptions } from '../graphql/subscriptions/use-event-streams.ts';
import type { LoadLimits } from '../http/gatekeeper.ts';
import type { StopTimes } from '../http/lifecycle.ts';
import type { ClientTimes } from '../http/server.ts';
import type { RateLimit } from '../upstream/rate-limit/rate-window.ts';
import type { CircuitLimits } from '../upstream/pipeline/circuit-breaker.ts';
import type { IssuerKeys } from '../upstream/clients.ts';
import type { ProxyFor } from '../upstream/proxy-for.ts';
import type { WebhookOptions } from '../webhooks/webhooks.ts';

export interface GatewayOptions {
  readonly host: string;
  /** 0: a free port. */
  readonly port: number;
  readonly apiUrl: URL;
  readonly apiKey: IssuerKeys;
  /** @default { mode: 'none' } */
  readonly auth?: AuthenticationOptions;
  /** The upstream is a sandbox: the gateway forwards the sandbox headers of callers. @default false */
  readonly isSandbox?: boolean;
  /** The proxy to the service, its storage, the token issuer and webhook receivers. @default NO_PROXY */
  readonly proxyFor?: ProxyFor | undefined;
  /** Hosts that pre-signed URLs may name; see `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
  readonly upstreamTimeoutMs: number;
  /** The deadline of an operation; see `useOperationTime`. @default 90 000 */
  readonly operationTimeoutMs?: number;
  readonly upstreamConnections: number;
  /** The rate budget of one API key. @default 150 calls in 5 000 ms */
  readonly rateLimit?: RateLimit;
  /** When the circuit breakers of service and storage open, and for how long. @default after 10 failures, for 10 000 ms */
  readonly circuit?: CircuitLimits;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  /** How long a download may make no progress. @default 30 000 */
  readonly downloadStallMs?: number;
  /** @default OPEN */
  readonly protections?: Partial<Protections>;
  readonly clientTimes?: Partial<ClientTimes>;
  /** @default no limits */
  readonly load?: Partial<LoadLimits>;
  readonly stopTimes?: Partial<StopTimes>;
  /** @default STREAMS */
  readonly streams?: Partial<StreamOptions>;
  /** The polling intervals of watched requests. */
  readonly watching?: WatchingOptions;
  /** Emits the events of the gateway. @default an emitter without listeners */
  readonly events?: GatewayEvents;
  /** Makes the spans. @default no tracing */
  readonly tracer?: Tracer | undefined;
  /** The address of the metrics server. @default no metrics */
  readonly metrics?: MetricsAddress | undefined;
  readonly idempotency?: Partial<IdempotencyTimes>;
  /** The webhook endpoints. @default no webhooks */
  readonly webhooks?: WebhookOptions | undefined;
  /** Holds the state that gateways share and that survives a restart. @default all state is in this process */
  readonly redisUrl?: URL | string | undefined;
  readonly logger: Logger;
}

/** The default deadline of an operation. */
export const OPERATION_TIMEOUT_MS = 90_000;
