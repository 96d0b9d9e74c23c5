import type { ServerResponse } from 'node:http';
import { context, SpanKind, trace } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { documentAddressOf } from '../downloads/document-answer.ts';
import type { GatewayEventMap } from '../observability/events.ts';
import { forRequest } from '../observability/logging/request-scope.ts';
import type { OperationRecord, RequestScope } from '../observability/logging/request-scope.ts';
import { markFailed, contextOf } from '../observability/tracing/spans.ts';
import { outcomeOf } from '../resolvers/errors/codes.ts';
import type { EdgeRequest } from './answer.ts';

type Outcome = GatewayEventMap['operation'][0]['outcome'];

/** The log line of a request; docs/reference/logging.md describes each member. */
interface RequestLine {
  readonly method?: string;
  readonly operation?: OperationRecord['operation'];
  readonly outcome: Outcome;
  readonly errors: string[];
  readonly faults?: readonly string[];
  readonly status: number;
  readonly durationMs: number;
  readonly upstream?: { readonly calls: number; readonly durationMs: number };
  readonly caller?: object;
}

/** Logs one line for a request, when its answer is sent or its client has left. */
export function logRequest(res: ServerResponse, scope: RequestScope, logger: Logger): void {
  const startedAt = performance.now();
  res.on('close', () => {
    const line = requestLine(res, scope.record, performance.now() - startedAt);
    // Pages and preflight requests are not logged.
    const level = line.operation === undefined && line.outcome === 'ok' ? 'debug' : 'info';
    forRequest(scope, () => logger[level](line, line.operation === undefined ? 'request' : 'operation'));
  });
}

function requestLine(res: ServerResponse, record: OperationRecord, durationMs: number): RequestLine {
  const { operation, errors, faults, upstream, caller } = record;
  const { method = '' } = res.req;
  return {
    ...(operation === undefined ? { method } : { operation }),
    outcome: outcomeOfAnswer(res, errors),
    errors: [...errors],
    ...(faults.length > 0 && { faults }),
    status: res.statusCode,
    durationMs: rounded(durationMs),
    ...(upstream.calls > 0 && {
      upstream: { calls: upstream.calls, durationMs: rounded(upstream.durationMs) },
    }),
    ...(caller !== undefined && { caller }),
  };
}

function outcomeOfAnswer(res: ServerResponse, errors: ReadonlySet<string>): Outcome {
  if (!res.writableFinished) return 'left';
  // Every refusal has a code; a fault that escaped all handlers has none.
  return errors.size === 0 && res.statusCode >= 400 ? 'failed' : outcomeOf(errors);
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

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
