import { SpanStatusCode, isSpanContextValid, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Span, SpanOptions, Tracer, Context } from '@opentelemetry/api';

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

/** `traceparent` of W3C Trace Context: version 00, and later versions as far as they agree with it. */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;

/**
 * The context of the trace that the caller has started, or one without a trace.
 *
 * `tracestate` and `baggage` are not read and so not forwarded: they are free text of the caller, which would reach the
 * service and the trace storage.
 */
export function contextOf(traceparent: string | null): Context {
  const [, traceId = '', spanId = '', flags = ''] = TRACE_PARENT.exec(traceparent ?? '') ?? [];
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

/** The `traceparent` header for a call within this trace. */
export function traceParentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString(16).padStart(2, '0')}`;
}
