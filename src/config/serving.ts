import { paceOf } from '../live/pace.ts';
import type { WatchingOptions } from '../live/status-watchers.ts';
import type { StreamOptions } from '../plugins/streams.ts';
import type { LoadLimits, StopTimes } from '../server/front-door.ts';
import { filled, wholeNumber } from './forms.ts';
import type { Values } from './forms.ts';

/** Where the gateway listens, and how much it takes. */
export interface ServingConfig {
  readonly host: string;
  readonly port: number;
  readonly maxUploadBytes: number;
  readonly uploadStallMs: number;
  readonly load: LoadLimits;
  readonly streams: Partial<StreamOptions>;
  readonly watching: WatchingOptions;
  readonly stopTimes: StopTimes;
}

export const servingVariables = {
  HOST: filled.default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(4000),
  MAX_UPLOAD_BYTES: wholeNumber(1, 2 ** 31 - 1).default(100 * 1024 * 1024),
  UPLOAD_STALL_SECONDS: wholeNumber(1, 600).default(30),
  MAX_REQUESTS_IN_FLIGHT: wholeNumber(1, 100_000).default(5_000),
  MAX_EVENT_LOOP_DELAY_MS: wholeNumber(0, 60_000).default(1_000),
  MAX_STREAMS: wholeNumber(0, 100_000).default(5_000),
  MAX_STREAMS_PER_CALLER: wholeNumber(1, 100_000).default(100),
  STREAM_HEARTBEAT_SECONDS: wholeNumber(1, 300).default(12),
  POLLS_PER_SECOND: wholeNumber(1, 30).default(6),
  POLL_MAX_PAUSE_SECONDS: wholeNumber(1, 3_600).default(60),
  SHUTDOWN_DELAY_SECONDS: wholeNumber(0, 300).default(0),
  SHUTDOWN_GRACE_SECONDS: wholeNumber(0, 1_800).default(25),
};

export function servingConfigOf(values: Values<typeof servingVariables>): ServingConfig {
  return {
    host: values.HOST,
    port: values.PORT,
    maxUploadBytes: values.MAX_UPLOAD_BYTES,
    uploadStallMs: values.UPLOAD_STALL_SECONDS * 1000,
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
      pace: paceOf(values.POLL_MAX_PAUSE_SECONDS * 1000),
    },
    stopTimes: {
      delayMs: values.SHUTDOWN_DELAY_SECONDS * 1000,
      graceMs: values.SHUTDOWN_GRACE_SECONDS * 1000,
    },
  };
}
