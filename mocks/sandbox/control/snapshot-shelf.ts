import type { Snapshot } from '../model/world.ts';
import type { components } from './openapi.d.ts';
import { controlProblem } from './problem.ts';

/** Snapshots by id, for callers who cannot hold one in their hands. */
export interface SnapshotShelf {
  /** @throws Refusal 409 when the shelf is full */
  put(snapshot: Snapshot, takenAt: number): SnapshotView;
  list(): SnapshotView[];
  /** @throws Refusal 404 */
  get(id: string): Snapshot;
  /** @throws Refusal 404 */
  delete(id: string): void;
}

type SnapshotView = components['schemas']['Snapshot'];

/** Enough for any suite, and a suite that never deletes one finds out before the memory is gone. */
const MAX_SNAPSHOTS = 100;

export function createSnapshotShelf(): SnapshotShelf {
  const kept = new Map<string, { readonly snapshot: Snapshot; readonly view: SnapshotView }>();
  let latest = 0;
  const find = (id: string) => {
    const found = kept.get(id);
    if (found !== undefined) return found;
    throw controlProblem(404, 'There is no such snapshot. GET /_sandbox/snapshots lists those there are');
  };
  return {
    put(snapshot, takenAt) {
      if (kept.size >= MAX_SNAPSHOTS) {
        throw controlProblem(
          409,
          `There are ${MAX_SNAPSHOTS} snapshots already. Delete one first: DELETE /_sandbox/snapshots/{id}`,
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
