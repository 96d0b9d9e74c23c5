import { SpanStatusCode } from '@opentelemetry/api';
import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';
import { UpstreamError } from '../../upstream/failure/upstream-error.ts';

/** Does something within a span of its own, which ends with it. @throws what `run` throws. */
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

/** By name and status alone: messages and stacks may quote what was read. */
export function markFailed(span: Span, failure: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  if (failure instanceof UpstreamError) {
    span.setAttribute('error.type', failure.kind);
    if (failure.status !== undefined) span.setAttribute('http.response.status_code', failure.status);
  } else span.setAttribute('error.type', failure instanceof Error ? failure.name : typeof failure);
}
