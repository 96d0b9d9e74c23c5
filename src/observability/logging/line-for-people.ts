import { styleText } from 'node:util';
import { z } from 'zod';
import { escapeControls } from './scrub.ts';

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
