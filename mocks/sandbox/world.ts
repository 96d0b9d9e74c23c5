import type { Clock } from './clock.ts';
import { createIds } from './ids.ts';
import type { Ids } from './ids.ts';
import { createBlobStore } from './storage/blob-store.ts';
import type { BlobStore } from './storage/blob-store.ts';
import { createUploadSigner } from './storage/sas.ts';
import type { UploadSigner } from './storage/sas.ts';
import { createStore } from './store.ts';
import type { Store } from './store.ts';

/** All that one sandbox owns and its handlers work on. Two sandboxes share nothing of it. */
export interface World {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sas: UploadSigner;
  readonly issuer: Issuer;
  /** Runs `task` after so much of the service's time. */
  later(delayMs: number, task: () => void | Promise<void>): void;
  /** Drops the tasks that have not begun and waits for the rest. Nothing happens by itself afterwards. */
  stop(): Promise<void>;
}

/** The institution behind the API key. Every key of a sandbox belongs to this one. */
export interface Issuer {
  /** Used where a dossier has no address of its own. */
  readonly supportEmail: string;
}

const ISSUER: Issuer = { supportEmail: 'firma@comune.example.it' };

/** @param onBug told of a background task that failed */
export function createWorld(clock: Clock, onBug: (error: unknown) => void): World {
  const running = new Set<Promise<void>>();
  let stopped = false;
  return {
    clock,
    ids: createIds(clock),
    store: createStore(),
    blobs: createBlobStore(),
    sas: createUploadSigner(),
    issuer: ISSUER,
    later(delayMs, task) {
      if (stopped) return;
      clock.schedule(delayMs, () => {
        const run = Promise.resolve()
          .then(task)
          .catch(onBug)
          .finally(() => running.delete(run));
        running.add(run);
      });
    },
    async stop() {
      stopped = true;
      clock.stop();
      await Promise.all(running);
    },
  };
}
