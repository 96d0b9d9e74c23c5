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
