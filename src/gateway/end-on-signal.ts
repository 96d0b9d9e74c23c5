import type { Logger } from 'pino';

/** npm forwards Ctrl-C to a process that has already received it from the terminal. */
const SAME_KEY_MS = 200;

/**
 * The first signal calls `stop`; a second SIGTERM or SIGINT exits the process immediately. SIGHUP means that the terminal, or
 * the npm that started this process, has ended, which may follow a signal to all of them.
 */
export function endOnSignal(stop: () => Promise<void>, logger: Logger): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== undefined) {
      if (signal === 'SIGHUP') return;
      if (signal === 'SIGINT' && performance.now() - stoppingSince < SAME_KEY_MS) return;
      process.exit(1);
    }
    stoppingSince = performance.now();
    logger.info('shutting down: waiting for in-flight requests; press Ctrl-C again to exit immediately');
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.fatal({ err: error }, 'the shutdown failed');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}
