import { randomInt } from 'node:crypto';
import { Clock } from './clock.ts';
import type { ClockState } from './clock.ts';
import { FaultRegistry } from '../faults/faults.ts';
import type { FaultsState } from '../faults/faults.ts';
import { Ids } from './ids.ts';
import { unrestrictedKey } from './issuers.ts';
import { PdfThreads } from '../pdf/pdf-threads.ts';
import type { Profile } from './profile.ts';
import { PROFILES } from './profile.ts';
import { Random } from './random.ts';
import { BlobStore } from '../storage/blob-store.ts';
import { UrlSigner } from '../storage/sas.ts';
import { copyStore, createStore } from './store.ts';
import type { Store } from './store.ts';
import type { Task } from './task.ts';
import { runTask } from './tasks.ts';
import type { World } from './world.ts';

export interface WorldOptions {
  /** @default the profile `implemented` */
  readonly profile?: Profile | undefined;
  readonly timeScale: number;
  readonly frozenAt?: number | undefined;
  /** @default random */
  readonly seed?: number | undefined;
  /** Keys of the default issuer. Undefined or empty accepts every non-empty key. */
  readonly apiKeys?: readonly string[] | undefined;
  /** Called if a background task fails. */
  readonly onBug: (error: unknown) => void;
}

/** Opaque. It contains no copies of files, because they are immutable. */
export interface Snapshot {
  readonly clock: ClockState<Task>;
  readonly random: number;
  readonly faults: FaultsState;
  readonly store: Store;
  readonly blobs: BlobStore;
}

/** The world of one sandbox, whose state can be saved and restored. */
export class SandboxWorld implements World {
  readonly profile: Profile;
  readonly clock: Clock<Task>;
  readonly random: Random;
  readonly faults: FaultRegistry;
  readonly sas: UrlSigner;
  readonly pdfs = new PdfThreads();
  readonly #frozenAt: number | undefined;
  readonly #onBug: (error: unknown) => void;
  readonly #initial: Snapshot;
  #ids: Ids;
  #store = createStore();
  #blobs: BlobStore;

  constructor(options: WorldOptions) {
    const { profile = PROFILES.implemented, timeScale, frozenAt, seed, apiKeys = [], onBug } = options;
    this.profile = profile;
    this.#frozenAt = frozenAt;
    this.#onBug = onBug;
    this.clock = new Clock({ timeScale, frozenAt, run: (task) => this.#run(task) });
    this.random = new Random(seed ?? randomInt(2 ** 32));
    this.faults = new FaultRegistry(this.random);
    this.sas = new UrlSigner(seed);
    this.#ids = this.#newIds();
    this.#blobs = new BlobStore(() => this.clock.now());
    for (const key of apiKeys) this.#store.keys.set(key, unrestrictedKey(key));
    this.#initial = this.snapshot();
  }

  get ids(): Ids {
    return this.#ids;
  }

  get store(): Store {
    return this.#store;
  }

  get blobs(): BlobStore {
    return this.#blobs;
  }

  /** Saves the current state for `restore`. */
  snapshot(): Snapshot {
    return {
      clock: this.clock.state(),
      random: this.random.state(),
      faults: this.faults.state(),
      store: copyStore(this.#store),
      blobs: this.#blobs.copy(),
    };
  }

  restore({ clock, random, faults, store, blobs }: Snapshot): void {
    this.clock.restore(clock);
    this.random.restore(random);
    this.faults.restore(faults);
    // Replaced, so that the next id depends on the clock and the random sequence only.
    this.#ids = this.#newIds();
    this.#store = copyStore(store);
    this.#blobs = blobs.copy();
  }

  /** Restores the initial state, including the clock and the random sequence. */
  reset(): void {
    this.restore(this.#initial);
    if (this.#frozenAt === undefined) {
      this.clock.restore({ now: Date.now(), frozen: false, scheduled: [] });
    }
  }

  #newIds(): Ids {
    return new Ids(() => this.clock.now(), this.random);
  }

  async #run(task: Task): Promise<void> {
    const { profile, clock, random, faults, sas, pdfs, ids, store, blobs } = this;
    try {
      // The current state: a task that is running during a reset or restore must not change the new state.
      await runTask({ profile, clock, random, faults, sas, pdfs, ids, store, blobs }, task);
    } catch (error) {
      this.#onBug(error);
    }
  }
}
