/** As many requests are watched, or by as many, as the gateway allows. */
export class WatcherFullError extends Error {
  override readonly name = 'WatcherFullError';

  constructor(limit: 'requests' | 'watchers') {
    super(`no more ${limit} can be watched`);
  }
}
