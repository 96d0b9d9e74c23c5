import { randomInt } from 'node:crypto';
import { createClock } from './clock.ts';
import { createFaults } from '../faults/faults.ts';
import { createIds } from './ids.ts';
import { openKey } from './issuers.ts';
import { createPdfThreads } from '../pdf/pdf-threads.ts';
import type { Profile } from './profile.ts';
import { PROFILES } from './profile.ts';
import { createRandom } from './random.ts';
import { createBlobStore } from '../storage/blob-store.ts';
import { createUrlSigner } from '../storage/sas.ts';
import { copyStore, createStore } from './store.ts';
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

export function createWorld(options: WorldOptions): World {
  const { profile = PROFILES.implemented, timeScale, frozenAt, seed, apiKeys = [], onBug } = options;
  const clock = createClock<Task>({
    timeScale,
    frozenAt,
    run: async (task) => {
      try {
        // The current state: a task that is running during a reset or restore must not change the new state.
        await runTask({ ...world }, task);
      } catch (error) {
        onBug(error);
      }
    },
  });
  const random = createRandom(seed ?? randomInt(2 ** 32));
  const faults = createFaults(random);
  let ids = createIds(clock.now, random);
  let store = createStore();
  let blobs = createBlobStore(clock.now);
  for (const key of apiKeys) store.keys.set(key, openKey(key));

  const world: World = {
    profile,
    clock,
    random,
    faults,
    sas: createUrlSigner(seed),
    pdfs: createPdfThreads(),
    get ids() {
      return ids;
    },
    get store() {
      return store;
    },
    get blobs() {
      return blobs;
    },
    snapshot: () => ({
      clock: clock.state(),
      random: random.state(),
      faults: faults.state(),
      store: copyStore(store),
      blobs: blobs.copy(),
    }),
    restore(snapshot) {
      clock.restore(snapshot.clock);
      random.restore(snapshot.random);
      faults.restore(snapshot.faults);
      // Replaced, so that the next id depends on the clock and the random sequence only.
      ids = createIds(clock.now, random);
      store = copyStore(snapshot.store);
      blobs = snapshot.blobs.copy();
    },
    reset() {
      world.restore(beginning);
      if (frozenAt === undefined) clock.restore({ now: Date.now(), frozen: false, appointments: [] });
    },
  };
  const beginning = world.snapshot();
  return world;
}
