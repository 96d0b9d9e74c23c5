import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { bounded } from './bounded.ts';
import { escapeControls } from './scrub.ts';
import { currentRequest } from './request-scope.ts';
import { createScrubber } from './scrubber.ts';
import type { Scrubber } from './scrubber.ts';

export interface LoggerOptions {
  /** A level of pino, or `silent`. */
  readonly level: string;
  /** The keys and passwords of this process. */
  readonly secrets?: Iterable<string>;
  /** The number of this worker, which each line has. @default the process is no worker */
  readonly worker?: number | undefined;
  /** @default stdout */
  readonly write?: (line: string) => void;
}

/** In characters. Collectors cut or drop longer lines: 16 KiB for the logs of containers. */
const MAX_LINE = 16_000;

/**
 * A logger that writes lines of JSON with the request id. Each line has a bounded size and contains no secret, recognised by
 * name, form or value at any depth.
 */
export function createLogger({ level, secrets = [], worker, write }: LoggerOptions): Logger {
  const scrub = createScrubber(secrets);
  const options = {
    level,
    base: worker === undefined ? null : { worker },
    mixin: () => {
      const requestId = currentRequest()?.requestId;
      return { ...(requestId !== undefined && { requestId }), ...traceIds() };
    },
    // Pino's own serializer would add everything that an error carries; `bounded` has reduced it already.
    serializers: { err: (described: unknown) => described },
    hooks: {
      logMethod(this: Logger, args: Parameters<Logger['info']>, method: Logger['info']): void {
        // The copies have the types of the originals, as far as pino checks them.
        method.apply(this, argumentsOf(args, scrub) as Parameters<Logger['info']>);
      },
      streamWrite: (line: string): string => withoutSecrets(line, scrub),
    },
  };
  return write === undefined ? pino(options) : pino(options, { write });
}

/** The ids of the active span under the names of OpenTelemetry for logs. */
function traceIds() {
  const span = trace.getActiveSpan()?.spanContext();
  return span && { trace_id: span.traceId, span_id: span.spanId };
}

/** Never throws: a failing getter must not fail the request. */
function argumentsOf(args: readonly unknown[], scrub: Scrubber): unknown[] {
  try {
    const [first, ...rest] = args;
    // Pino would use the message of the error as that of the line.
    if (first instanceof Error)
      return [bounded({ err: first }, scrub), ...(rest.length > 0 ? rest : ['error'])];
    return args.map((argument) => bounded(argument, scrub));
  } catch {
    return ['something could not be logged'];
  }
}

/** The line stays valid JSON: no removed text contains half of an escape sequence. */
function withoutSecrets(line: string, scrub: Scrubber): string {
  if (line.length > MAX_LINE) {
    const start = /^\{"level":\d+,"time":\d+/.exec(line)?.[0] ?? '{"level":40';
    return `${start},"msg":"a line of ${line.length} characters was left out"}\n`;
  }
  const clean = scrub(currentRequest()?.withoutCredentials(line) ?? line);
  return `${escapeControls(clean.trimEnd())}\n`;
}
