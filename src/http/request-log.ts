import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { forRequest } from '../observability/logging/request-scope.ts';
import type { OperationRecord, RequestScope } from '../observability/logging/request-scope.ts';
import type { GatewayEventMap } from '../observability/events.ts';
import { outcomeOf } from '../resolvers/errors/codes.ts';

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
  res.once('close', () => {
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
