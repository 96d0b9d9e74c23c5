import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Config } from '../config/load.ts';
import type { StreamCounts } from '../graphql/subscriptions/stream-limits.ts';
import type { RequestCounts } from '../http/rate-limit.ts';
import type { ClientTimes } from '../http/server.ts';
import type { GatewayEvents } from '../observability/events.ts';
import type { MetricsSnapshot } from '../observability/metrics/worker-metrics.ts';
import type { IssuerKeys } from '../upstream/clients.ts';

/** The settings that only the start of the process uses. */
type ProcessConfig = 'sandboxUrl' | 'sandboxPort' | 'workers' | 'logLevel' | 'tracing' | 'warnings';

/** The configuration of a gateway, the upstream that the process has chosen for it, and its logger. */
export interface GatewayOptions extends Omit<Config, 'apiUrl' | 'apiKey' | ProcessConfig> {
  readonly apiUrl: URL;
  readonly apiKey: IssuerKeys;
  /** The upstream is a sandbox: the gateway forwards the sandbox headers of callers. */
  readonly isSandbox: boolean;
  /** How long a download may make no progress. @default 30 000 */
  readonly downloadStallMs?: number;
  /** @default CLIENT_TIMES */
  readonly clientTimes?: Partial<ClientTimes>;
  /** Emits the events of the gateway. @default an emitter without listeners */
  readonly events?: GatewayEvents;
  /** Makes the spans. @default no tracing */
  readonly tracer?: Tracer | undefined;
  /** The primary of this gateway, if it is a worker. @default the gateway is a process of its own */
  readonly primary?: Primary;
  readonly logger: Logger;
}

/** What a worker leaves to its primary, because it concerns all workers. */
export interface Primary {
  readonly requestCounts: RequestCounts;
  readonly streamCounts: StreamCounts;
  /** Gives the primary a function that reads the metrics of this worker. */
  provideMetrics(read: () => Promise<MetricsSnapshot>): void;
}
