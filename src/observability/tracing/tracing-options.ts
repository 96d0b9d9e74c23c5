/** Samplers under the names of OpenTelemetry. */
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
  /** The share of the traces that start here, 0 to 1, for the two ratio samplers. */
  readonly ratio: number;
}

export interface TracingOptions {
  readonly exporter: 'otlp' | 'console';
  readonly sampler: SamplerOptions;
}
