import { format } from 'node:util';
import type { Logger } from 'pino';

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
