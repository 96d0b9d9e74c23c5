export type StreamErrorCode = 'TOO_MANY_STREAMS' | 'STREAM_TOO_SLOW';

const STREAM_MESSAGES: Readonly<Record<StreamErrorCode, string>> = {
  TOO_MANY_STREAMS: 'Too many subscriptions are open. Retry later.',
  STREAM_TOO_SLOW: 'The client read events too slowly, and some are lost. Subscribe again.',
};

/** A subscription that cannot start or continue. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: StreamErrorCode;

  constructor(code: StreamErrorCode) {
    super(STREAM_MESSAGES[code]);
    this.code = code;
  }
}
