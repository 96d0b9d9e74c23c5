import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { ProfileName } from '../model/profile.ts';

/** Options from the command line and the environment. */
export interface CliOptions {
  readonly port: number;
  readonly host: string;
  readonly timeScale: number;
  readonly frozenAt: Date | undefined;
  readonly seed: number | undefined;
  readonly profile: ProfileName;
  readonly strict: boolean;
  readonly json: boolean;
  readonly readyFile: string | undefined;
}

/** Invalid flags or variables. The message lists all of them. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const WHOLE_NUMBER = /^\d{1,10}$/;
const number = (text: string): number => (WHOLE_NUMBER.test(text) ? Number(text) : NaN);

/** `must` completes the error message "<flag> must …". */
const SETTINGS = {
  port: {
    argument: '<port>',
    text: 'port to listen on; 0 for any free port (4010)',
    must: 'be a port number, 0 to 65535',
    schema: z.string().default('4010').transform(number).pipe(z.int().max(65_535)),
  },
  host: {
    argument: '<address>',
    text: 'address to listen on; 0.0.0.0 accepts other machines (127.0.0.1)',
    must: 'be an address',
    schema: z.string().default('127.0.0.1'),
  },
  'time-scale': {
    argument: '<factor>',
    text: 'factor of all delays: 1 as long as in the service, 0.1 a tenth (0.1)',
    must: 'be a number, 0 or more',
    schema: z.string().default('0.1').transform(Number).pipe(z.number().min(0)),
  },
  'frozen-at': {
    argument: '<time>',
    text: 'freeze the clock at this time, such as 2026-03-05T09:00:00Z',
    must: 'be a time such as 2026-03-05T09:00:00Z',
    schema: z.iso
      .datetime({ offset: true })
      .transform((text) => new Date(text))
      .optional(),
  },
  seed: {
    argument: '<number>',
    text: 'seed of the random sequence; with --frozen-at, runs are byte-for-byte identical',
    must: 'be a whole number, 0 to 4294967295',
    schema: z
      .string()
      .transform(number)
      .pipe(z.int().max(2 ** 32 - 1))
      .optional(),
  },
  profile: {
    argument: '<profile>',
    text: 'implemented: as the running service; documented: as its published document (implemented)',
    must: 'be implemented or documented',
    schema: z.enum(['implemented', 'documented']).default('implemented'),
  },
  strict: {
    argument: undefined,
    text: 'exit with code 1 if a request or a response violated the contract',
    must: 'be true or false',
    schema: z.stringbool().default(false),
  },
  json: {
    argument: undefined,
    text: 'print the addresses as one line of JSON: url, origin, port, control',
    must: 'be true or false',
    schema: z.stringbool().default(false),
  },
  'ready-file': {
    argument: '<path>',
    text: 'write that line to a file when ready, and remove the file on exit',
    must: 'be a path',
    schema: z.string().optional(),
  },
} as const;

const NAMES = Object.keys(SETTINGS);
const Settings = z.object({
  port: SETTINGS.port.schema,
  host: SETTINGS.host.schema,
  'time-scale': SETTINGS['time-scale'].schema,
  'frozen-at': SETTINGS['frozen-at'].schema,
  seed: SETTINGS.seed.schema,
  profile: SETTINGS.profile.schema,
  strict: SETTINGS.strict.schema,
  json: SETTINGS.json.schema,
  'ready-file': SETTINGS['ready-file'].schema,
});

/** All flags, for the documentation. The default is in brackets. */
export const FLAGS: readonly {
  readonly flag: string;
  readonly variable: string;
  readonly text: string;
}[] = Object.entries(SETTINGS).map(([name, { argument, text }]) => ({
  flag: `--${name}${argument === undefined ? '' : ` ${argument}`}`,
  variable: variableOf(name),
  text,
}));

/** The output of `--help`. */
export const USAGE = `Usage: sigillo sandbox [flags]

A stateful replacement of Firma con IO that checks every request and response
against the contract.

${Object.entries(SETTINGS)
  .map(([name, { argument, text }]) => `  ${`--${name} ${argument ?? ''}`.padEnd(24)}${wrapped(text)}`)
  .join('\n')}
  ${'--version'.padEnd(24)}print the version
  ${'--help'.padEnd(24)}print this help

Each flag has an environment variable: SANDBOX_PORT, SANDBOX_TIME_SCALE,
SANDBOX_STRICT=true. Flags take precedence.
`;

/** The text beside a flag, in a terminal of 80 columns. */
function wrapped(text: string): string {
  const lines = text.match(/\S.{0,52}\S(?=\s|$)/g) ?? [text];
  return lines.join(`\n${' '.repeat(26)}`);
}

/**
 * @returns 'help' for `--help`
 * @throws UsageError listing every invalid flag and variable
 */
export function parseCliOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CliOptions | 'help' {
  const flags = parseFlags(args);
  if (flags['help'] === true) return 'help';
  const given = Object.fromEntries(
    NAMES.map((name) => [name, flags[name]?.toString() ?? (env[variableOf(name)] || undefined)]),
  );
  const result = Settings.safeParse(given);
  if (!result.success) {
    const wrong = new Set(result.error.issues.map(({ path }) => String(path[0])));
    throw new UsageError(
      Object.entries(SETTINGS)
        .flatMap(([name, { must }]) => {
          if (!wrong.has(name)) return [];
          const source = flags[name] === undefined ? variableOf(name) : `--${name}`;
          return [`${source} must ${must}, not ${JSON.stringify(given[name])}`];
        })
        .join('\n'),
    );
  }
  const {
    'time-scale': timeScale,
    'frozen-at': frozenAt,
    'ready-file': readyFile,
    seed,
    ...rest
  } = result.data;
  return { ...rest, timeScale, frozenAt, readyFile, seed };
}

function parseFlags(args: readonly string[]): Record<string, string | boolean | undefined> {
  const options = Object.fromEntries(
    Object.entries(SETTINGS).map(
      ([name, { argument }]) => [name, { type: argument === undefined ? 'boolean' : 'string' }] as const,
    ),
  );
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    });
    return values;
  } catch (error) {
    // The second sentence of Node's message is about positional arguments with a dash, which do not exist here.
    if (error instanceof TypeError) throw new UsageError(error.message.split('. ')[0] ?? '');
    throw error;
  }
}

function variableOf(name: string): string {
  return `SANDBOX_${name.replaceAll('-', '_').toUpperCase()}`;
}
