import { format, styleText } from 'node:util';
import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { z } from 'zod';
import { bounded } from './bounded.ts';
import { currentRequest } from './request-scope.ts';
import { escapeControls, createScrubber } from './scrubber.ts';
import type { Scrubber } from './scrubber.ts';
import { writeToStdout } from './stdout-lines.ts';

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
export function createLogger({ level, secrets = [], worker, write = writeToStdout }: LoggerOptions): Logger {
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
  return pino(options, { write });
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

/** `dir`, `table` and others are not redirected: the console exporter of traces uses them. */
const CONSOLE = {
  trace: 'debug',
  debug: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
} as const;

/**
 * Sends output that would bypass the logger to it: console output of libraries, warnings of Node, and uncaught errors, after which the process exits. Node would write errors with their stacks and all their properties.
 * @param logger called each time, because the first logger does not know the configuration
 */
export function sendAllToLogger(logger: () => Logger): void {
  for (const [name, level] of Object.entries(CONSOLE)) {
    Reflect.set(console, name, (...words: unknown[]) =>
      logger()[level]({ from: 'console' }, format(...words.map(shortOf))),
    );
  }
  // Node's own listener would write them to stderr.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger().warn({ err: warning }, 'warning'));
  process.on('uncaughtException', (error, origin) => {
    logger().fatal({ err: error, origin }, 'uncaught error: the process exits');
    process.stderr.write('Sigillo exited because of an uncaught error. See the log.\n');
    process.exit(1);
  });
}

/** Objects are reduced to their class: a console would show everything in them. */
function shortOf(word: unknown): unknown {
  if (word instanceof Error) return `${word.name}: ${word.message}`;
  return typeof word === 'object' && word !== null ? `[${word.constructor?.name ?? 'object'}]` : word;
}

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

const COLOURS = { warn: 'yellow', error: 'red', fatal: 'red' } as const;

const lineRules = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().optional(),
  requestId: z.string().optional(),
});

const requestRules = z.looseObject({
  method: z.string().optional(),
  operation: z
    .object({ type: z.string(), name: z.string().optional(), fields: z.array(z.string()) })
    .optional(),
  outcome: z.string(),
  errors: z.array(z.string()),
  status: z.number(),
  durationMs: z.number(),
  upstream: z.object({ calls: z.number(), durationMs: z.number() }).optional(),
});

/**
 * Formats a line of the log for a person at a terminal: `12:03:07 info  mutation FindSigner: ok, 38 ms, 1 call in 36 ms`.
 * The log itself has more; programs should read that. The level has a colour if the stream shows colours.
 */
export function lineForPeople(json: string, stream: NodeJS.WriteStream = process.stdout): string {
  const { level, time, msg = '', requestId, ...rest } = lineRules.parse(JSON.parse(json));
  const clock = new Date(time).toTimeString().slice(0, 8);
  const name = LEVELS[level] ?? String(level);
  const colour = name in COLOURS ? COLOURS[name as keyof typeof COLOURS] : 'dim';
  const start = `${clock} ${styleText(colour, name.padEnd(5), { stream })}`;
  const request = requestRules.safeParse(rest).data;
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const words = request === undefined ? [msg, ...facts].join(' ') : requestInWords(request);
  return `${start} ${escapeControls(`${words}${requestId === undefined ? '' : ` (${requestId})`}`)}\n`;
}

function requestInWords(request: z.infer<typeof requestRules>): string {
  const { method, operation, outcome, errors, status, durationMs, upstream } = request;
  const { type, name, fields } = operation ?? { type: `${method} ${status}`, name: undefined, fields: [] };
  const what = [type, name ?? fields.join(', ')].filter(Boolean).join(' ');
  const calls =
    upstream === undefined
      ? []
      : [
          `${upstream.calls} ${upstream.calls === 1 ? 'call' : 'calls'} in ${Math.round(upstream.durationMs)} ms`,
        ];
  const how = [[outcome, ...errors].join(' '), `${Math.round(durationMs)} ms`, ...calls].join(', ');
  return `${what}: ${how}`;
}
