import { AsyncLocalStorage } from 'node:async_hooks';
import type { UpstreamClient } from '../upstream/client.ts';
import { StatusWatcher } from './status-watcher.ts';
import type { StatusWatcherOptions } from './status-watcher.ts';

export type WatchingOptions = Omit<StatusWatcherOptions, 'client' | 'events' | 'outside'>;

/** A watcher for each issuer: nothing that one may see reaches another. */
export class StatusWatchers {
  readonly #options: Omit<StatusWatcherOptions, 'client'>;
  readonly #watchers = new Map<UpstreamClient, StatusWatcher>();

  constructor(options: WatchingOptions & Pick<StatusWatcherOptions, 'events'>) {
    this.#options = { ...options, outside: AsyncLocalStorage.snapshot() };
  }

  of(client: UpstreamClient): StatusWatcher {
    let watcher = this.#watchers.get(client);
    if (watcher === undefined) {
      watcher = new StatusWatcher({ ...this.#options, client });
      this.#watchers.set(client, watcher);
    }
    return watcher;
  }

  /** Requests that somebody watches or waits for now. */
  get watchedRequests(): number {
    return [...this.#watchers.values()].reduce((sum, { counts }) => sum + counts.requests, 0);
  }

  /** For how many milliseconds the oldest read has been due that has not begun; 0 when there is none. */
  get oldestDueMs(): number {
    return Math.max(0, ...[...this.#watchers.values()].map((watcher) => watcher.oldestDueMs));
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}
