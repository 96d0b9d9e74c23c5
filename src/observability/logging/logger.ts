import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { bounded } from './bounded.ts';
import { escapeControls } from './escape-controls.ts';
import { currentRequest } from './request-scope.ts';
import { createScrubber } from './scrubber.ts';
import type { Scrubber } from './scrubber.ts';

export interface LoggerOptions {
  /** One of pino's, or `silent`. */
  readonly level: string;
  /** Keys and passwords that this process knows. */
  readonly secrets?: Iterable<string>;
  /** @default stdout */
  readonly write?: (line: string) => void;
}

/** Collectors cut or drop lines that are longer than this, in characters: 16 KiB for the logs of containers. */
const MAX_LINE = 16_000;

/**
 * A logger that writes JSON, a line each, with the id of the request that it was told something for. Whatever it is told,
 * the line has a bounded size and no secret in it: by its name, by its form, by its value, at any depth.
 */
export function createLogger({ level, secrets = [], write }: LoggerOptions): Logger {
  const scrub = createScrubber(secrets);
  const options = {
    level,
    base: null,
    mixin: () => {
      const requestId = currentRequest()?.requestId;
      return { ...(requestId !== undefined && { requestId }), ...traceIds() };
    },
    // Pino's own takes whatever an error carries; `bounded` has been there first.
    serializers: { err: (described: unknown) => described },
    hooks: {
      logMethod(this: Logger, args: Parameters<Logger['info']>, method: Logger['info']): void {
        // What is copied has the types that were given, as far as pino looks at them.
        method.apply(this, argumentsOf(args, scrub) as Parameters<Logger['info']>);
      },
      streamWrite: (line: string): string => withoutSecrets(line, scrub),
    },
  };
  return write === undefined ? pino(options) : pino(options, { write });
}

/** Of the span for which something is logged, by the names that OpenTelemetry gives them in logs; none without traces. */
function traceIds() {
  const span = trace.getActiveSpan()?.spanContext();
  return span && { trace_id: span.traceId, span_id: span.spanId };
}

/** Never throws: a getter that does is no reason for a request to fail. */
function argumentsOf(args: readonly unknown[], scrub: Scrubber): unknown[] {
  try {
    const [first, ...rest] = args;
    // Pino would make its message that of the line.
    if (first instanceof Error)
      return [bounded({ err: first }, scrub), ...(rest.length > 0 ? rest : ['error'])];
    return args.map((argument) => bounded(argument, scrub));
  } catch {
    return ['something could not be logged'];
  }
}

/** The line is JSON before and after: nothing that is taken out of it holds a quote or a backslash by halves. */
function withoutSecrets(line: string, scrub: Scrubber): string {
  if (line.length > MAX_LINE) {
    const start = /^\{"level":\d+,"time":\d+/.exec(line)?.[0] ?? '{"level":40';
    return `${start},"msg":"a line of ${line.length} characters was left out"}\n`;
  }
  const clean = scrub(currentRequest()?.withoutCredentials(line) ?? line);
  return `${escapeControls(clean.trimEnd())}\n`;
}
