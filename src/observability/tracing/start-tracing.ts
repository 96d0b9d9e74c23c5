import { readFileSync } from 'node:fs';
import type { AgentOptions } from 'node:https';
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
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { readVersion } from '../../version.ts';
import type { SamplerOptions, TracingOptions } from './tracing-options.ts';

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends the remaining spans, for at most `CLOSE_MS`. */
  close(): Promise<void>;
}

const CLOSE_MS = 3_000;
/** The interval of warnings about traces that cannot be sent. */
const COMPLAINT_MS = 60_000;

/**
 * Starts OpenTelemetry for the whole process. Only this file loads its SDK, and it is itself loaded only with tracing. The
 * exporter reads other settings from the environment: headers, certificates.
 */
export function startTracing(
  { exporter, sampler }: TracingOptions,
  logger: Logger,
  proxyFor: ProxyFor,
): Tracing {
  let complainedAt = -Infinity;
  // Its messages quote URLs, and an unreachable collector would fill the log.
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

/** Decides which traces are kept. With `parentbased_…`, callers that started a trace decide. */
function samplerOf({ name, ratio }: SamplerOptions): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}

/** The proxy that leads to an address, if there is one. */
type ProxyFor = (target: URL) => URL | undefined;

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
