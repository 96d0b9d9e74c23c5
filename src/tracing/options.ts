/** Samplers by the names that OpenTelemetry gives them. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface SamplerOptions {
  readonly name: (typeof SAMPLERS)[number];
  /** Of the traces that begin here, for the two of them that take one; 0 to 1. */
  readonly ratio: number;
}

export interface TracingOptions {
  readonly exporter: 'otlp' | 'console';
  readonly sampler: SamplerOptions;
}

/** Values of the environment that say where traces go; `config.ts` has their forms and defaults. */
export interface TracingVariables {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_TRACES_EXPORTER?: 'otlp' | 'console' | 'none' | undefined;
  readonly OTEL_TRACES_SAMPLER: SamplerOptions['name'];
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

/** Undefined: nobody has asked for traces. */
export function tracingOf(data: TracingVariables): TracingOptions | undefined {
  const hasEndpoint = data.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
  const exporter = data.OTEL_TRACES_EXPORTER ?? (hasEndpoint ? 'otlp' : 'none');
  if (exporter === 'none') return undefined;
  return { exporter, sampler: { name: data.OTEL_TRACES_SAMPLER, ratio: data.OTEL_TRACES_SAMPLER_ARG } };
}
