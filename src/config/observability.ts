import { z } from 'zod';
import type { MetricsAddress } from '../observability/metrics/start-metrics.ts';
import { SAMPLERS } from '../observability/tracing/tracing-options.ts';
import type { TracingOptions } from '../observability/tracing/tracing-options.ts';
import { filled, webAddress, wholeNumber } from './validators.ts';
import type { Values } from './validators.ts';

/** Logs, metrics and traces. */
export interface ObservabilityConfig {
  readonly logLevel: string;
  /** Undefined: metrics are off. */
  readonly metrics: MetricsAddress | undefined;
  /** Undefined: traces are off. */
  readonly tracing: TracingOptions | undefined;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export const observabilityVariables = {
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .default('info')
    .describe('`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`. See [logs](logging.md).'),
  METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe(
      'Port that serves Prometheus metrics at `/metrics`, for example 9464. `0` takes a free port; without a value no metrics are served.',
    ),
  METRICS_HOST: filled
    .default('127.0.0.1')
    .describe('Address that serves metrics. The default accepts connections from this machine only.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress
    .optional()
    .describe(
      'OpenTelemetry collector that receives traces (OTLP over HTTP), for example `http://localhost:4318`.',
    ),
  OTEL_TRACES_EXPORTER: z
    .enum(['otlp', 'console', 'none'], 'must be otlp, console or none')
    .optional()
    .describe('`otlp` (the default once there is an endpoint), `console` or `none`.'),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`)
    .default('parentbased_always_on')
    .describe('OpenTelemetry sampler. The `parentbased_` samplers follow the decision of the caller.'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1')
    .transform(Number)
    .default(1)
    .describe('Share of traces that `traceidratio` and `parentbased_traceidratio` keep, from 0 to 1.'),
};

type ObservabilityValues = Values<typeof observabilityVariables>;

export function observabilityConfigOf(values: ObservabilityValues): ObservabilityConfig {
  const { METRICS_HOST: host, METRICS_PORT: port } = values;
  return {
    logLevel: values.LOG_LEVEL,
    metrics: port === undefined ? undefined : { host, port },
    tracing: tracingOf(values),
  };
}

function tracingOf(values: ObservabilityValues): TracingOptions | undefined {
  const hasEndpoint = values.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
  const exporter = values.OTEL_TRACES_EXPORTER ?? (hasEndpoint ? 'otlp' : 'none');
  if (exporter === 'none') return undefined;
  return { exporter, sampler: { name: values.OTEL_TRACES_SAMPLER, ratio: values.OTEL_TRACES_SAMPLER_ARG } };
}
