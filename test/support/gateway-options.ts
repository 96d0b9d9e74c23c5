import { pino } from 'pino';
import { loadConfig } from '../../src/config/load.ts';
import type { GatewayOptions } from '../../src/gateway/start-gateway.ts';

type Area = 'protections' | 'load' | 'stopTimes' | 'streams' | 'watching' | 'webhooks' | 'idempotency';

/** Options of a gateway, of which a test gives those that matter to it; also within an area such as `streams`. */
export type GatewayOverrides = {
  readonly [Name in keyof GatewayOptions]?: Name extends Area
    ? Partial<GatewayOptions[Name]>
    : GatewayOptions[Name];
};

/** A configuration without limits that a test could reach by chance. */
export const config = loadConfig({
  PORT: '0',
  RATE_LIMIT_PER_MINUTE: '0',
  MAX_REQUESTS_IN_FLIGHT: '100000',
  MAX_EVENT_LOOP_DELAY_MS: '0',
  MAX_UPLOAD_BYTES: String(20 * 1024 * 1024),
  UPLOAD_STALL_SECONDS: '60',
  UPSTREAM_TIMEOUT_SECONDS: '60',
  INSPECT_TIMEOUT_SECONDS: '60',
  UPSTREAM_CONNECTIONS: '10',
  RATE_BUDGET_CALLS: '100000',
  CIRCUIT_FAILURES: '1000',
});

/** The options of a gateway in front of this upstream. */
export function gatewayOptions(
  upstream: Pick<GatewayOptions, 'apiUrl' | 'storageHosts'>,
  overrides: GatewayOverrides = {},
): GatewayOptions {
  return {
    ...config,
    ...upstream,
    apiKey: 'a-key',
    isSandbox: true,
    logger: pino({ level: 'silent' }),
    ...overrides,
    protections: { ...config.protections, ...overrides.protections },
    load: { ...config.load, ...overrides.load },
    stopTimes: { ...config.stopTimes, ...overrides.stopTimes },
    streams: { ...config.streams, ...overrides.streams },
    watching: { ...config.watching, ...overrides.watching },
    webhooks: { ...config.webhooks, ...overrides.webhooks },
    idempotency: { ...config.idempotency, ...overrides.idempotency },
  };
}
