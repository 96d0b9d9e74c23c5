import type { WatchingOptions } from '../watching/status-watcher.ts';
import type { StreamOptions } from '../graphql/subscriptions/use-event-streams.ts';
import type { InspectionLimits } from '../inspection/inspector.ts';
import type { LoadLimits } from '../http/gatekeeper.ts';
import type { StopTimes } from '../http/lifecycle.ts';
import { filled, wholeNumber } from './validators.ts';
import type { Environment, Values } from './validators.ts';

/** The address and the limits of the server. */
export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  /** Processes that answer requests. */
  readonly workers: number;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  readonly inspection: InspectionLimits;
  readonly load: LoadLimits;
  readonly streams: StreamOptions;
  readonly watching: WatchingOptions;
  readonly stopTimes: StopTimes;
}

export const serverVariables = {
  HOST: filled
    .default('127.0.0.1')
    .describe(
      'Address to listen on. The default accepts connections from this machine only; `0.0.0.0` or `::` accepts them from everywhere.',
    ),
  PORT: wholeNumber(0, 65_535).default(4000).describe('Port to listen on. `0` takes a free port.'),
  WEB_CONCURRENCY: wholeNumber(1, 64)
    .default(1)
    .describe(
      'Processes that answer requests on the port, usually one per core. More than one require `REDIS_URL`. See [several cores](../operations.md#several-cores).',
    ),
  MAX_UPLOAD_BYTES: wholeNumber(1, 2 ** 31 - 1)
    .default(100 * 1024 * 1024)
    .describe('Largest file of an upload, in bytes. The default is 100 MiB.'),
  UPLOAD_STALL_SECONDS: wholeNumber(1, 600)
    .default(30)
    .describe('How long an upload may send no bytes before it is aborted.'),
  INSPECT_MAX_BYTES: wholeNumber(1, 40 * 1024 * 1024)
    .default(16 * 1024 * 1024)
    .describe(
      'Largest PDF that `inspectDocument` reads, and largest sum of the files that a request with anchors holds in memory, in bytes. The default is 16 MiB.',
    ),
  INSPECT_TIMEOUT_SECONDS: wholeNumber(1, 60)
    .default(10)
    .describe('How long a thread may inspect a PDF before the thread is replaced.'),
  INSPECT_THREADS: wholeNumber(1, 64)
    .default(1)
    .describe(
      'PDFs that are inspected at the same time, each in a thread of its own. Leave a processor for the requests.',
    ),
  MAX_REQUESTS_IN_FLIGHT: wholeNumber(1, 100_000)
    .default(5_000)
    .describe('Requests that run at the same time. Further requests are refused with `OVERLOADED`.'),
  MAX_EVENT_LOOP_DELAY_MS: wholeNumber(0, 60_000)
    .default(1_000)
    .describe(
      'Mean event loop delay over two seconds, in milliseconds, beyond which requests are refused with `OVERLOADED`. `0` removes the limit.',
    ),
  MAX_STREAMS: wholeNumber(0, 100_000)
    .default(5_000)
    .describe('Subscriptions that are open at the same time. `0` allows none.'),
  MAX_STREAMS_PER_CALLER: wholeNumber(1, 100_000)
    .default(100)
    .describe('Open subscriptions per caller or, without authentication, per client address.'),
  STREAM_HEARTBEAT_SECONDS: wholeNumber(1, 300)
    .default(12)
    .describe(
      'How often an idle subscription sends a heartbeat. Set it below the idle timeout of your proxies.',
    ),
  POLLS_PER_SECOND: wholeNumber(1, 30)
    .default(6)
    .describe(
      'Upstream reads per second, per issuer, for all subscriptions together. The default is a fifth of what the service allows.',
    ),
  POLL_MAX_PAUSE_SECONDS: wholeNumber(1, 3_600)
    .default(60)
    .describe('Longest pause between two reads of a subscribed request that does not change.'),
  SHUTDOWN_DELAY_SECONDS: wholeNumber(0, 300)
    .default(0)
    .describe(
      'How long the gateway keeps accepting requests after SIGTERM, while `/ready` already answers 503.',
    ),
  SHUTDOWN_GRACE_SECONDS: wholeNumber(0, 1_800)
    .default(25)
    .describe('How long requests in flight may then take before they are aborted.'),
};

/** Messages about variables that conflict. */
export function* serverConflictsIn(env: Environment): Generator<string> {
  if (Number(env['WEB_CONCURRENCY']) > 1 && env['REDIS_URL'] === undefined)
    yield 'WEB_CONCURRENCY: more than 1 requires REDIS_URL: through Redis the processes share idempotency keys, webhooks and the rate budget';
}

export function serverConfigOf(values: Values<typeof serverVariables>): ServerConfig {
  return {
    host: values.HOST,
    port: values.PORT,
    workers: values.WEB_CONCURRENCY,
    maxUploadBytes: values.MAX_UPLOAD_BYTES,
    uploadStallMs: values.UPLOAD_STALL_SECONDS * 1000,
    inspection: {
      maxBytes: values.INSPECT_MAX_BYTES,
      maxWorkMs: values.INSPECT_TIMEOUT_SECONDS * 1000,
      threads: values.INSPECT_THREADS,
    },
    load: {
      requestsInFlight: values.MAX_REQUESTS_IN_FLIGHT,
      eventLoopDelayMs: values.MAX_EVENT_LOOP_DELAY_MS === 0 ? Infinity : values.MAX_EVENT_LOOP_DELAY_MS,
    },
    streams: {
      maxStreams: values.MAX_STREAMS,
      maxStreamsPerCaller: values.MAX_STREAMS_PER_CALLER,
      heartbeatMs: values.STREAM_HEARTBEAT_SECONDS * 1000,
    },
    watching: {
      pollsPerSecond: values.POLLS_PER_SECOND,
      pace: { idleMs: values.POLL_MAX_PAUSE_SECONDS * 1000 },
    },
    stopTimes: {
      delayMs: values.SHUTDOWN_DELAY_SECONDS * 1000,
      graceMs: values.SHUTDOWN_GRACE_SECONDS * 1000,
    },
  };
}
