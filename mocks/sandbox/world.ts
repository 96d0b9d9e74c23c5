import type { Clock } from './clock.ts';
import type { Ids } from './ids.ts';
import type { Store } from './store.ts';
import type { BlobStore } from './storage/blob-store.ts';
import type { UploadSigner } from './storage/sas.ts';

/** All that one sandbox owns and its handlers work on. Two sandboxes share nothing of it. */
export interface World {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly sas: UploadSigner;
  readonly issuer: Issuer;
  /** Runs `task` after so much of the service's time; its failure is a bug of the sandbox and is reported as one. */
  later(delayMs: number, task: () => void | Promise<void>): void;
}

/** The institution behind the API key. Every key of a sandbox belongs to this one. */
export interface Issuer {
  /** Used where a dossier has no address of its own. */
  readonly supportEmail: string;
}

export const ISSUER: Issuer = { supportEmail: 'firma@comune.example.it' };
