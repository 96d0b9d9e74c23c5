import { SpanKind } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { inSpan, traceParentOf } from '../../observability/tracing/spans.ts';
import type { CallFacts, Stage } from '../call.ts';

export interface SpanStageOptions<Facts> {
  readonly tracer: Tracer;
  /** Only host and port are recorded: paths contain ids, and the query of a pre-signed URL is a credential. */
  readonly urlOf: (call: Facts) => URL | null;
  /**
   * Whether the origin receives the trace context. The service does, so that its operators can find a call. The storage does
   * not: its logs should not link a blob to a citizen.
   */
  readonly propagates: boolean;
}

/** A span for each call, including its retries and waits. */
export function withSpans<Facts extends CallFacts>(options: SpanStageOptions<Facts>): Stage<Facts> {
  const { tracer, urlOf, propagates } = options;
  return (next) => (call, given) => {
    const url = urlOf(call);
    const attributes = { ...(url && serverOf(url)), 'http.request.method': call.method };
    return inSpan(tracer, call.operation, { kind: SpanKind.CLIENT, attributes }, (span) =>
      next(
        call,
        propagates ? { ...given, headers: { ...given.headers, traceparent: traceParentOf(span) } } : given,
      ),
    );
  };
}

function serverOf({ protocol, hostname, port }: URL) {
  const defaultPort = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? defaultPort : Number(port) };
}
