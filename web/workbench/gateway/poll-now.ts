import { send } from './client.ts';
import { SIGNATURE_REQUEST_STATUS } from './operations.ts';

const PAUSE_MS = 300;
/** The service reports a change within some seconds. */
const MAX_READS = 30;

/**
 * Reads a request until its status is another, after an action in the sandbox that may change it. The gateway sends what it
 * reads to the subscribers of the request, which otherwise learn of a change with its next poll: up to 15 seconds later.
 */
export async function pollNow(id: string): Promise<void> {
  if (polled.has(id)) return;
  polled.add(id);
  await pollUntilChanged(id).finally(() => polled.delete(id));
}

const polled = new Set<string>();

async function pollUntilChanged(id: string): Promise<void> {
  const first = await statusOf(id);
  for (let reads = 1; reads < MAX_READS && isOpen(first); reads += 1) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if ((await statusOf(id)) !== first) return;
  }
}

const isOpen = (status: string | undefined): boolean => status === 'READY' || status === 'WAIT_FOR_SIGNATURE';

/** @returns undefined if it cannot be read now */
async function statusOf(id: string): Promise<string | undefined> {
  const { signatureRequest } = await send(SIGNATURE_REQUEST_STATUS, { id }).catch(() => NOTHING);
  return signatureRequest?.status;
}

const NOTHING = { signatureRequest: null };
