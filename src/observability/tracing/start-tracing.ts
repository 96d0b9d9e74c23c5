import { context, diag, DiagLogLevel } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, ConsoleSpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { readVersion } from '../../version.ts';
import { exporterOptions } from './exporter-options.ts';
import type { ProxyFor } from './exporter-options.ts';
import { samplerOf } from './sampler.ts';
import type { TracingOptions } from './tracing-options.ts';

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what has not been sent yet, for at most so long. */
  close(): Promise<void>;
}

const CLOSE_MS = 3_000;
/** Between two words on traces that cannot be sent. */
const COMPLAINT_MS = 60_000;

/**
 * Starts OpenTelemetry, for the whole process. This is the one file that loads its SDK, and is itself loaded only when
 * somebody wants traces. What is not in `options` the exporter reads from the environment: headers, certificates.
 */
export function startTracing(
  { exporter, sampler }: TracingOptions,
  logger: Logger,
  proxyFor: ProxyFor,
): Tracing {
  let complainedAt = -Infinity;
  // Its messages quote addresses, and a collector that is gone would fill the log.
  const complain = (): void => {
    if (performance.now() - complainedAt < COMPLAINT_MS) return;
    complainedAt = performance.now();
    logger.warn('traces could not be sent');
  };
  const silent = (): void => {};
  diag.setLogger(
    { error: complain, warn: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'sigillo', 'service.version': readVersion() }))
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector, serviceNameEnvDetector] }));
  const to =
    exporter === 'console'
      ? new ConsoleSpanExporter()
      : new OTLPTraceExporter(exporterOptions(process.env, proxyFor));
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(sampler),
    spanProcessors: [new BatchSpanProcessor({ exporter: to })],
  });
  return {
    tracer: provider.getTracer('sigillo', readVersion()),
    async close() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, CLOSE_MS);
      await Promise.race([provider.shutdown().catch(complain), late.promise]);
      clearTimeout(timer);
    },
  };
}
