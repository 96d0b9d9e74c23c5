/** As many requests are watched, or by as many, as the gateway allows. */
export class WatcherFullError extends Error {
  override readonly name = 'WatcherFullError';

  constructor(limit: 'requests' | 'watchers') {
    super(`no more ${limit} can be watched`);
  }
}

/** A reader of changes is so far behind that some were lost. */
export class SlowReaderError extends Error {
  override readonly name = 'SlowReaderError';

  constructor() {
    super('changes came faster than they were read');
  }
}
