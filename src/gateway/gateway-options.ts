import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { AuthenticationOptions } from '../auth/authenticate.ts';
import type { GatewayEvents } from '../observability/events.ts';
import type { IdempotencyTimes } from '../idempotency/idempotency.ts';
import type { WatchingOptions } from '../watching/status-watcher.ts';
import type { MetricsAddress } from '../observability/metrics/start-metrics.ts';
import type { Protections } from '../graphql/protections.ts';
import type { StreamOptions } from '../graphql/subscriptions/streams.ts';
import type { LoadLimits, StopTimes } from '../http/gatekeeper.ts';
import type { ClientTimes } from '../http/server.ts';
import type { RateLimit } from '../upstream/rate-limit/rate-window.ts';
import type { CircuitLimits } from '../upstream/pipeline/circuit-breaker.ts';
import type { IssuerKeys } from '../upstream/clients.ts';
import type { WebhookOptions } from '../webhooks/webhooks.ts';

export interface GatewayOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly apiUrl: URL;
  readonly apiKey: IssuerKeys;
  /** @default { mode: 'none' } */
  readonly auth?: AuthenticationOptions;
  /** The upstream is a sandbox: headers of callers that it understands are passed on. @default false */
  readonly isSandbox?: boolean;
  /** Where upload addresses may lead; see `checkStorageUrl`. */
  readonly storageHosts: readonly string[];
  readonly upstreamTimeoutMs: number;
  /** For a whole operation; see `useOperationTime`. @default 90 000 */
  readonly operationTimeoutMs?: number;
  readonly upstreamConnections: number;
  /** Calls that the service takes of one key in any window. @default 150 in 5 000 ms */
  readonly rateLimit?: RateLimit;
  /** When service and storage, each for itself, are left alone. @default after 10 failures, for 10 000 ms */
  readonly circuit?: CircuitLimits;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  /** For how long nothing may move of a document that is downloaded. @default 30 000 */
  readonly downloadStallMs?: number;
  /** @default OPEN */
  readonly protections?: Partial<Protections>;
  readonly clientTimes?: Partial<ClientTimes>;
  /** @default no limits */
  readonly load?: Partial<LoadLimits>;
  readonly stopTimes?: Partial<StopTimes>;
  /** @default STREAMS */
  readonly streams?: Partial<StreamOptions>;
  /** How often the service is asked how watched requests stand. */
  readonly watching?: WatchingOptions;
  /** Told what happens. @default an emitter that nobody listens to */
  readonly events?: GatewayEvents;
  /** Makes spans of what happens. @default none are made */
  readonly tracer?: Tracer | undefined;
  /** Where to serve metrics. @default nowhere */
  readonly metrics?: MetricsAddress | undefined;
  readonly idempotency?: Partial<IdempotencyTimes>;
  /** Who is told what becomes of requests. @default nobody */
  readonly webhooks?: WebhookOptions | undefined;
  /** What gateways share, and what outlives them. Without one it is all in this process. */
  readonly redisUrl?: URL | string | undefined;
  readonly logger: Logger;
}

/** For a whole operation, unless it is said. */
export const OPERATION_TIMEOUT_MS = 90_000;
