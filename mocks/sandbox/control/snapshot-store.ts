import type { Snapshot } from '../model/sandbox-world.ts';
import type { components } from './openapi.d.ts';
import { controlProblem } from './problem.ts';

/** Snapshots by id, for HTTP clients. */
export interface SnapshotStore {
  /** @throws Refusal 409 if the limit is reached */
  put(snapshot: Snapshot, takenAt: number): SnapshotView;
  list(): SnapshotView[];
  /** @throws Refusal 404 */
  get(id: string): Snapshot;
  /** @throws Refusal 404 */
  delete(id: string): void;
}

type SnapshotView = components['schemas']['Snapshot'];

/** A test suite that never deletes its snapshots gets an error before memory runs out. */
const MAX_SNAPSHOTS = 100;

export function createSnapshotStore(): SnapshotStore {
  const kept = new Map<string, { readonly snapshot: Snapshot; readonly view: SnapshotView }>();
  let latest = 0;
  const find = (id: string) => {
    const found = kept.get(id);
    if (found !== undefined) return found;
    throw controlProblem(404, 'No snapshot has this id. GET /_sandbox/snapshots lists the snapshots');
  };
  return {
    put(snapshot, takenAt) {
      if (kept.size >= MAX_SNAPSHOTS) {
        throw controlProblem(
          409,
          `The limit of ${MAX_SNAPSHOTS} snapshots is reached. Delete one first: DELETE /_sandbox/snapshots/{id}`,
        );
      }
      latest += 1;
      const view = { id: String(latest), takenAt: new Date(takenAt).toISOString() };
      kept.set(view.id, { snapshot, view });
      return view;
    },
    list: () => [...kept.values()].map(({ view }) => view),
    get: (id) => find(id).snapshot,
    delete(id) {
      find(id);
      kept.delete(id);
    },
  };
}
