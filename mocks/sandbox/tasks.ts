import { validateUpload } from './documents.ts';
import { reachCitizen } from './operations/set-signature-request-status.ts';
import type { World } from './world.ts';

/** What the service does by itself, some time after the call that caused it. Plain data, so that it can be kept. */
export type Task =
  | { readonly kind: 'validate-upload'; readonly blobName: string }
  | { readonly kind: 'reach-citizen'; readonly requestId: string };

export function runTask(world: World, task: Task): void | Promise<void> {
  switch (task.kind) {
    case 'validate-upload':
      return validateUpload(world, task.blobName);
    case 'reach-citizen':
      return reachCitizen(world, task.requestId);
  }
}
