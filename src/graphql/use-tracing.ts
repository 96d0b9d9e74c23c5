import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span, Tracer } from '@opentelemetry/api';
import { getOperationAST } from 'graphql';
import type { ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { observing } from '../resolvers/context.ts';
import type { FieldObserver, ObservedContext } from '../resolvers/context.ts';
import { documentAddressOf } from '../downloads/route.ts';
import { errorCodeOf } from '../schema/observed.ts';
import { markFailed } from '../observability/tracing/in-span.ts';
import { contextOf } from '../observability/tracing/trace-parent.ts';
import { isFailure } from '../resolvers/errors/codes.ts';
import { codesOf } from './errors/error-codes.ts';
import { nameOf } from './operation-name.ts';

export interface TracingPluginOptions {
  readonly tracer: Tracer;
  /** Only documents that were reviewed are run, so their names may be told. @default false */
  readonly isTrusted?: boolean;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

/**
 * A span for each request, going on with the trace that it is part of, and one for each field of `Query` and `Mutation`.
 * Names and attributes follow the conventions of OpenTelemetry, but for what callers could put something into: there is
 * no address, document, variable or name that they gave.
 */
export function useTracing({ tracer, isTrusted = false }: TracingPluginOptions): Plugin {
  const spans = new WeakMap<Request, Span>();

  const begin = ({ document, operationName, contextValue }: ExecutionArgs): void => {
    const operation = getOperationAST(document, operationName);
    // Yoga's context with ours in it, of which its types know nothing.
    const observed = contextValue as ObservedContext;
    const span = spans.get(observed.request);
    if (operation == null || span === undefined) return;
    const name = nameOf(operation, document, isTrusted);
    span.updateName(`${operation.operation} ${name}`);
    span.setAttributes({ 'graphql.operation.type': operation.operation, 'graphql.operation.name': name });
    observing(observed, fieldSpans(tracer));
  };

  return {
    instrumentation: {
      request({ request }, answer) {
        const parent = contextOf(request.headers.get('traceparent'));
        const method = METHODS.includes(request.method) ? request.method : '_OTHER';
        const route = routeOf(new URL(request.url));
        const attributes = {
          'http.request.method': method,
          ...(route !== undefined && { 'http.route': route }),
        };
        const name = route === undefined ? method : `${method} ${route}`;
        const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
        spans.set(request, span);
        return context.with(trace.setSpan(parent, span), async () => {
          try {
            await answer();
          } catch (failure) {
            markFailed(span, failure);
            throw failure;
          } finally {
            // Of a stream of events this is its beginning.
            span.end();
          }
        });
      },
    },

    onExecute: ({ args }) => begin(args),
    onSubscribe: ({ args }) => begin(args),

    onResultProcess({ request, result }) {
      if (Array.isArray(result) || !('errors' in result)) return;
      const code = codesOf(result).find(isFailure);
      if (code === undefined) return;
      spans.get(request)?.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', code);
    },

    onResponse({ request, response }) {
      spans.get(request)?.setAttribute('http.response.status_code', response.status);
    },
  };
}

/** The address without what callers put into it. */
function routeOf(url: URL): string | undefined {
  if (url.pathname === '/graphql') return '/graphql';
  return documentAddressOf(url) && '/documents/{requestId}/{documentId}.pdf';
}

/** The code of an error that is a field's result is an attribute of ours: nothing has failed. */
function fieldSpans(tracer: Tracer): FieldObserver {
  return ({ type, name }, run) => {
    const attributes = { 'graphql.parent.name': type, 'graphql.field.name': name };
    return tracer.startActiveSpan(`${type}.${name}`, { attributes }, async (span) => {
      try {
        const result = await run();
        const code = errorCodeOf(result);
        if (code !== undefined) span.setAttribute('sigillo.result.code', code);
        return result;
      } catch (failure) {
        markFailed(span, failure);
        throw failure;
      } finally {
        span.end();
      }
    });
  };
}
