import { SpanKind } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import type { ClientDecorator } from '../client.ts';
import { inSpan } from '../../observability/tracing/in-span.ts';
import { traceParentOf } from '../../observability/tracing/trace-parent.ts';

/**
 * A span for each call of the service, with its repeats and the waits before it. The service is told of the trace, so that
 * its people can find a call in theirs.
 *
 * There is no `url.full`, which the conventions ask for: paths have ids in them.
 */
export function withSpans(tracer: Tracer, baseUrl: URL): ClientDecorator {
  const server = serverOf(baseUrl);
  return (client) => ({
    ...client,
    call(call, options) {
      const attributes = { ...server, 'http.request.method': call.method };
      return inSpan(tracer, call.operation, { kind: SpanKind.CLIENT, attributes }, (span) => {
        const headers = { ...call.headers, traceparent: traceParentOf(span) };
        return client.call({ ...call, headers }, options);
      });
    },
  });
}

export function serverOf({ protocol, hostname, port }: URL) {
  const usual = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? usual : Number(port) };
}
