import type { Snapshot } from '../model/sandbox-world.ts';
import type { components } from './openapi.d.ts';
import { controlProblem } from './problem.ts';

type SnapshotView = components['schemas']['Snapshot'];

interface SavedSnapshot {
  readonly snapshot: Snapshot;
  readonly view: SnapshotView;
}

/** A test suite that never deletes its snapshots gets an error before memory runs out. */
const MAX_SNAPSHOTS = 100;

/** Snapshots by id, for HTTP clients. */
export class SnapshotStore {
  readonly #saved = new Map<string, SavedSnapshot>();
  #latestId = 0;

  /** @throws Refusal 409 if the limit is reached */
  put(snapshot: Snapshot, takenAt: number): SnapshotView {
    if (this.#saved.size >= MAX_SNAPSHOTS) {
      throw controlProblem(
        409,
        `The limit of ${MAX_SNAPSHOTS} snapshots is reached. Delete one first: DELETE /_sandbox/snapshots/{id}`,
      );
    }
    this.#latestId += 1;
    const view = { id: String(this.#latestId), takenAt: new Date(takenAt).toISOString() };
    this.#saved.set(view.id, { snapshot, view });
    return view;
  }

  list(): SnapshotView[] {
    return [...this.#saved.values()].map(({ view }) => view);
  }

  /** @throws Refusal 404 */
  get(id: string): Snapshot {
    const saved = this.#saved.get(id);
    if (saved === undefined) throw unknownSnapshot();
    return saved.snapshot;
  }

  /** @throws Refusal 404 */
  delete(id: string): void {
    if (!this.#saved.delete(id)) throw unknownSnapshot();
  }
}

function unknownSnapshot(): Error {
  return controlProblem(404, 'No snapshot has this id. GET /_sandbox/snapshots lists the snapshots');
}
