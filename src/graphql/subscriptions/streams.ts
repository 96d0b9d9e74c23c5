import type { Plugin } from 'graphql-yoga';
import type { TrustedProxies } from '../../http/client-address.ts';
import { useEventStreams } from './use-event-streams.ts';
import { useStreamLimits } from './use-stream-limits.ts';
import { watchCredential } from './watch-credential.ts';
import type { CredentialWatchOptions } from './watch-credential.ts';

/** What an operator decides about streams of events. */
export interface StreamOptions {
  /** Open at a time. */
  readonly maxStreams: number;
  /** Of one caller, or of one address where callers do not say who they are. */
  readonly maxStreamsPerCaller: number;
  /** Between two signs of life, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long a client may leave unread what it was sent, in milliseconds. */
  readonly stallMs: number;
  /** How often tokens and keys are checked again, in milliseconds. */
  readonly recheckMs: number;
}

export const STREAMS: StreamOptions = {
  maxStreams: 5_000,
  maxStreamsPerCaller: 100,
  heartbeatMs: 12_000,
  stallMs: 30_000,
  recheckMs: 30_000,
};

interface StreamSurroundings extends Omit<CredentialWatchOptions, 'recheckMs'> {
  /** Aborted when the gateway begins to end. */
  readonly closing: AbortSignal;
  readonly proxies: TrustedProxies;
}

/** Subscriptions, so many at a time, for as long as their callers may have them. */
export function serveStreams(options: StreamOptions & StreamSurroundings): Plugin[] {
  return [
    useStreamLimits(options),
    useEventStreams({ ...options, watchCredential: watchCredential(options) }),
  ];
}
