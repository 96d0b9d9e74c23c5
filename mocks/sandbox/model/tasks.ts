import { validateUpload } from './documents.ts';
import { cancelAtCitizen, finishSignature, reachCitizen, signByItself, tellIssuer } from './signing.ts';
import type { Task } from './task.ts';
import type { World } from './world.ts';

export function runTask(world: World, task: Task): void | Promise<void> {
  switch (task.kind) {
    case 'validate-upload':
      return validateUpload(world, task.blobName);
    case 'reach-citizen':
      return reachCitizen(world, task.requestId);
    case 'sign-by-itself':
      return signByItself(world, task.requestId);
    case 'finish-signature':
      return finishSignature(world, task.requestId, task.attempt, task.outcome);
    case 'report-to-issuer':
      return tellIssuer(world, task.requestId, task.news);
    case 'cancel-at-citizen':
      return cancelAtCitizen(world, task.requestId);
  }
}
