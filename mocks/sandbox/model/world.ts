import type { Clock } from './clock.ts';
import type { FaultRegistry } from '../faults/faults.ts';
import type { Ids } from './ids.ts';
import type { PdfThreads } from '../pdf/pdf-threads.ts';
import type { Profile } from './profile.ts';
import type { Random } from './random.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import type { UrlSigner } from '../storage/sas.ts';
import type { Store } from './store.ts';
import type { Task } from './task.ts';

/** The state and services of one sandbox, used by its handlers. Sandboxes do not share them. */
export interface World {
  readonly profile: Profile;
  readonly clock: Clock<Task>;
  readonly random: Random;
  readonly faults: FaultRegistry;
  readonly ids: Ids;
  /** Replaced by a reset or restore: do not hold a reference across an `await`. */
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sas: UrlSigner;
  readonly pdfs: PdfThreads;
}
