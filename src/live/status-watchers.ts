import type { UpstreamClient } from '../upstream/client.ts';
import { StatusWatcher } from './status-watcher.ts';
import type { StatusWatcherOptions } from './status-watcher.ts';

/** A watcher for each issuer: nothing that one may see reaches another. */
export class StatusWatchers {
  readonly #options: Omit<StatusWatcherOptions, 'client'>;
  readonly #watchers = new Map<UpstreamClient, StatusWatcher>();

  constructor(options: Omit<StatusWatcherOptions, 'client'>) {
    this.#options = options;
  }

  of(client: UpstreamClient): StatusWatcher {
    let watcher = this.#watchers.get(client);
    if (watcher === undefined) {
      watcher = new StatusWatcher({ ...this.#options, client });
      this.#watchers.set(client, watcher);
    }
    return watcher;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}
