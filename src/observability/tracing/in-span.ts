import { SpanStatusCode } from '@opentelemetry/api';
import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';

/** Runs an action within a new span. @throws the error of `run` */
export function inSpan<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  run: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await run(span);
    } catch (failure) {
      markFailed(span, failure);
      throw failure;
    } finally {
      span.end();
    }
  });
}

/** Records the kind and the HTTP status of a failure. Messages and stacks may quote input. */
export function markFailed(span: Span, failure: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  if (!(failure instanceof Error)) return void span.setAttribute('error.type', typeof failure);
  const isKnown = 'kind' in failure && typeof failure.kind === 'string';
  span.setAttribute('error.type', isKnown ? String(failure.kind) : failure.name);
  if ('status' in failure && typeof failure.status === 'number')
    span.setAttribute('http.response.status_code', failure.status);
}
