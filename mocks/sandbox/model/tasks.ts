import { validateUpload } from './documents.ts';
import {
  cancelAtCitizen,
  finishSignature,
  arriveAtCitizen,
  signAutomatically,
  reportToIssuer,
} from './signing.ts';
import type { Task } from './task.ts';
import type { World } from './world.ts';

export function runTask(world: World, task: Task): void | Promise<void> {
  switch (task.kind) {
    case 'validate-upload':
      return validateUpload(world, task.blobName);
    case 'arrive-at-citizen':
      return arriveAtCitizen(world, task.requestId);
    case 'sign-automatically':
      return signAutomatically(world, task.requestId);
    case 'finish-signature':
      return finishSignature(world, task.requestId, task.attempt, task.outcome);
    case 'report-to-issuer':
      return reportToIssuer(world, task.requestId, task.report);
    case 'cancel-at-citizen':
      return cancelAtCitizen(world, task.requestId);
  }
}
