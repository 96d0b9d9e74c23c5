import { context, SpanKind, trace } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { documentAddressOf } from '../downloads/route.ts';
import type { RequestScope } from '../observability/logging/request-scope.ts';
import { markFailed } from '../observability/tracing/in-span.ts';
import { contextOf } from '../observability/tracing/trace-parent.ts';
import type { EdgeRequest } from './answer.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

/**
 * Makes the answer to a request within a span, which continues the trace of the client. Names and attributes follow the
 * conventions of OpenTelemetry, without values that callers choose: no URL, document, variable or name of theirs.
 */
export function inRequestSpan<T extends { readonly status: number }>(
  tracer: Tracer | undefined,
  { req, url }: EdgeRequest,
  scope: RequestScope,
  answer: () => Promise<T>,
): Promise<T> {
  if (tracer === undefined) return answer();
  const { traceparent } = req.headers;
  const parent = contextOf(typeof traceparent === 'string' ? traceparent : null);
  const method = METHODS.includes(req.method ?? '') ? req.method : '_OTHER';
  const route = routeOf(url);
  const attributes = { 'http.request.method': method, ...(route !== undefined && { 'http.route': route }) };
  const name = route === undefined ? `${method}` : `${method} ${route}`;
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  scope.span = span;
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      const answered = await answer();
      span.setAttribute('http.response.status_code', answered.status);
      return answered;
    } catch (failure) {
      markFailed(span, failure);
      throw failure;
    } finally {
      // For an event stream this is its start.
      span.end();
    }
  });
}

/** The path without the values of callers. */
function routeOf(url: URL): string | undefined {
  if (url.pathname === '/graphql') return '/graphql';
  return documentAddressOf(url) && '/documents/{requestId}/{documentId}.pdf';
}
