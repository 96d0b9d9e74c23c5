import { SERVICE_DELAYS_MS } from '../clock.ts';
import { decodeOrRefuse, setStatusBody } from '../decoding/bodies.ts';
import { badRequest, noContent } from '../problems.ts';
import { markAsCancelled, markAsReady, markAsWaitForSignature } from '../state-machine.ts';
import type { World } from '../world.ts';
import { requestOrRefuse } from './lookup.ts';
import type { Operation } from './operation.ts';

/** The body is one word, with quotes (a JSON string) or bare; a bare word is compared to the last byte. */
export const setSignatureRequestStatus: Operation = (call, world) => {
  const word = decodeOrRefuse(setStatusBody, call.json === undefined ? call.bytes.toString() : call.json);
  const request = requestOrRefuse(call, world, 'Signature request not found');
  const mark = word === 'READY' ? markAsReady : markAsCancelled;
  const transition = mark(request, world.clock.now());
  if ('refusal' in transition) throw badRequest(transition.refusal);
  world.store.requests.set(request.id, transition.next);
  if (word === 'READY') {
    world.clock.schedule(SERVICE_DELAYS_MS.waitForSignature, {
      kind: 'reach-citizen',
      requestId: request.id,
    });
  }
  return noContent();
};

/** The citizen side has taken the request over. */
export function reachCitizen(world: World, requestId: string): void {
  const request = world.store.requests.get(requestId);
  const next = request && markAsWaitForSignature(request, world.clock.now());
  if (next !== undefined) world.store.requests.set(requestId, next);
}
