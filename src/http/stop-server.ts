import type { Server } from 'node:http';
import type { RunningRequests } from './requests-in-flight.ts';

/** How long before it is aborted a request is asked to end by itself; half of a shorter grace. */
const LAST_CALL_MS = 3_000;
/** What a request that is aborted has to write its answer and to see it off. */
const ANSWER_MS = 1_000;
/** How often connections that have fallen idle are looked for. */
const SWEEP_MS = 50;

export interface StopOptions {
  readonly graceMs: number;
  readonly onLastCall: () => void;
}

/**
 * Takes no more connections and lets what is running end. After `graceMs` it is aborted, and when it has had the time to
 * say so, every connection that is left is cut.
 */
export async function stopServer(
  server: Server,
  running: RunningRequests,
  { graceMs, onLastCall }: StopOptions,
): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  running.closeConnections();
  // Those that fall idle later too: a client that keeps its one open would hold the gateway up.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const lastCall = setTimeout(onLastCall, Math.max(graceMs / 2, graceMs - LAST_CALL_MS));
  const abort = setTimeout(() => {
    running.abortAll(new DOMException('The gateway is shutting down.', 'AbortError'));
  }, graceMs);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs + ANSWER_MS);
  try {
    await closed.promise;
  } finally {
    clearInterval(sweep);
    clearTimeout(lastCall);
    clearTimeout(abort);
    clearTimeout(cut);
  }
}
