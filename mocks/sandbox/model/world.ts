import type { Clock, ClockState } from './clock.ts';
import type { FaultRegistry, FaultsState } from '../faults/faults.ts';
import type { Ids } from './ids.ts';
import type { PdfThreads } from '../pdf/pdf-threads.ts';
import type { Profile } from './profile.ts';
import type { Random } from './random.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import type { UrlSigner } from '../storage/sas.ts';
import type { Store } from './store.ts';
import type { Task } from './task.ts';

/** All that one sandbox owns and its handlers work on. Two sandboxes share nothing of it. */
export interface World {
  readonly profile: Profile;
  readonly clock: Clock<Task>;
  readonly random: Random;
  readonly faults: FaultRegistry;
  readonly ids: Ids;
  /** Another one after a reset or restore: never keep it across an `await`. */
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sas: UrlSigner;
  readonly pdfs: PdfThreads;
  /** Everything as it is now, to come back to. */
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
  /** Everything as it was in the beginning, time and chance included. */
  reset(): void;
}

/** Opaque. Holds no copies of files, as they are never changed. */
export interface Snapshot {
  readonly clock: ClockState<Task>;
  readonly random: number;
  readonly faults: FaultsState;
  readonly store: Store;
  readonly blobs: BlobStore;
}
