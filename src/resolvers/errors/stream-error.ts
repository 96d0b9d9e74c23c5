export type StreamErrorCode = 'TOO_MANY_STREAMS' | 'STREAM_TOO_SLOW';

const STREAM_WORDS: Readonly<Record<StreamErrorCode, string>> = {
  TOO_MANY_STREAMS: 'As many subscriptions are open as this gateway allows. Try again later.',
  STREAM_TOO_SLOW: 'Events were not read as fast as they came, and some are lost. Subscribe again.',
};

/** A subscription that cannot begin, or cannot go on. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly code: StreamErrorCode;

  constructor(code: StreamErrorCode) {
    super(STREAM_WORDS[code]);
    this.code = code;
  }
}
