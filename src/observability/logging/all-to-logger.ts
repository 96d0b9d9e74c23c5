import { format } from 'node:util';
import type { Logger } from 'pino';

/** `dir`, `table` and the like are asked for by name: whoever sets a console exporter wants to see it. */
const CONSOLE = {
  trace: 'debug',
  debug: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
} as const;

/**
 * Sends to the logger what would be written past it: the consoles of libraries, warnings of Node, and errors that nobody
 * caught, after which the process ends. Node would write those with stacks and all that errors carry.
 * @param logger asked each time, because the first one knows nothing of the configuration
 */
export function sendAllToLogger(logger: () => Logger): void {
  for (const [name, level] of Object.entries(CONSOLE)) {
    Reflect.set(console, name, (...words: unknown[]) =>
      logger()[level]({ from: 'console' }, format(...words.map(shortOf))),
    );
  }
  // Node's own listener writes them to stderr.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger().warn({ err: warning }, 'warning'));
  process.on('uncaughtException', (error, origin) => {
    logger().fatal({ err: error, origin }, 'the process ends: nobody has caught an error');
    process.stderr.write('Sigillo has ended because of an error that nobody caught. The log says which.\n');
    process.exit(1);
  });
}

/** Of objects not more than what they are: consoles show all that is in them. */
function shortOf(word: unknown): unknown {
  if (word instanceof Error) return `${word.name}: ${word.message}`;
  return typeof word === 'object' && word !== null ? `[${word.constructor?.name ?? 'object'}]` : word;
}
