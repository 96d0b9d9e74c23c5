import type { ServerResponse } from 'node:http';
import type { Caller } from '../auth/caller.ts';
import type { RequestNotes } from '../observability/logging/request-scope.ts';
import type { GatewayEventMap } from '../observability/events.ts';
import { outcomeOf } from '../resolvers/errors/codes.ts';

/** As metrics have it. */
type Outcome = GatewayEventMap['operation'][0]['outcome'];

export interface AnsweredRequest {
  readonly method: string;
  readonly notes: RequestNotes;
  readonly res: ServerResponse;
  readonly durationMs: number;
  readonly caller: Caller | undefined;
}

/** What the log has of a request when it is over; docs/reference/logging.md says what each member is. */
export interface RequestLine {
  readonly method?: string;
  readonly operation?: {
    readonly type: string;
    readonly name: string | undefined;
    readonly fields: string[];
  };
  readonly outcome: Outcome;
  readonly errors: string[];
  readonly status: number;
  readonly durationMs: number;
  readonly upstream?: { readonly calls: number; readonly durationMs: number };
  readonly caller?: object;
}

export function requestLine({ method, notes, res, durationMs, caller }: AnsweredRequest): RequestLine {
  const { operation, fields = [], errors, upstream } = notes;
  return {
    ...(operation === undefined ? { method } : { operation: { ...operation, fields: [...fields] } }),
    outcome: outcomeOfAnswer(res, errors),
    errors: [...errors],
    status: res.statusCode,
    durationMs: rounded(durationMs),
    ...(upstream.calls > 0 && {
      upstream: { calls: upstream.calls, durationMs: rounded(upstream.durationMs) },
    }),
    ...(caller !== undefined && { caller: factsOf(caller) }),
  };
}

function outcomeOfAnswer(res: ServerResponse, errors: ReadonlySet<string>): Outcome {
  if (!res.writableFinished) return 'left';
  // Every refusal has a code; a fault past all plugins has none.
  return errors.size === 0 && res.statusCode >= 400 ? 'failed' : outcomeOf(errors);
}

function factsOf(caller: Caller): object {
  if (caller.kind === 'none') return { kind: 'none' };
  const { kind, role, tenant, subject } = caller;
  return { kind, role, tenant, subject };
}

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
