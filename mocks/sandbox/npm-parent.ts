/** How often to look; the kernel tells nobody that a parent has gone. */
const LOOK_EVERY_MS = 500;

/** `npx sigillo sandbox` and `npm run sandbox`. Other scripts may leave a sandbox running on purpose. */
const STARTED_BY = ['npx', 'sandbox'];

/**
 * Calls `onGone` once when npm, which has started this process, has ended. A signal to `npx` or `npm run` ends npm and
 * its shell and never reaches the program, which would be left behind and hold its port. Does nothing when the process
 * was started otherwise: the end of a shell means nothing.
 */
export function whenNpmIsGone(onGone: () => void): void {
  if (!STARTED_BY.includes(process.env['npm_lifecycle_event'] ?? '')) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  timer.unref();
}
