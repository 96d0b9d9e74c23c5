import { validateUpload } from './documents.ts';
import { cancelAtCitizen, finishSignature, reachCitizen, signByItself, tellIssuer } from './signing.ts';
import type { Outcome, SignatureNews } from './signing.ts';
import type { World } from './world.ts';

/** What the service does by itself, some time after the call that caused it. Plain data, so that it can be kept. */
export type Task =
  | { readonly kind: 'validate-upload'; readonly blobName: string }
  | { readonly kind: 'reach-citizen'; readonly requestId: string }
  | { readonly kind: 'sign-by-itself'; readonly requestId: string }
  | {
      readonly kind: 'finish-signature';
      readonly requestId: string;
      readonly attempt: number;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'tell-issuer'; readonly requestId: string; readonly news: SignatureNews }
  | { readonly kind: 'cancel-at-citizen'; readonly requestId: string };

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
    case 'tell-issuer':
      return tellIssuer(world, task.requestId, task.news);
    case 'cancel-at-citizen':
      return cancelAtCitizen(world, task.requestId);
  }
}
