import { setStatusBody } from '../decoding/bodies.ts';
import { decodeOrRefuse } from '../decoding/types.ts';
import { badRequest, internalError, noContent } from '../http/problems.ts';
import { textOf } from '../http/request-body.ts';
import {
  storeCitizenCopy,
  scenarioOf,
  sendCancellation,
  sendToCitizen,
  signImmediately,
  signAutomatically,
} from '../model/signing.ts';
import { markAsCancelled, markAsReady } from '../model/state-machine.ts';
import { requestOrRefuse } from './lookup.ts';
import type { Operation } from './operation.ts';

/** The body is one word, bare or as a JSON string. A bare word must match exactly. */
export const setSignatureRequestStatus: Operation = async (call, world) => {
  const word = decodeOrRefuse(setStatusBody, call.json === undefined ? textOf(call.bytes) : call.json);
  const lookUp = () => requestOrRefuse(call, world, 'Signature request not found');
  if (word === 'CANCELLED' && scenarioOf(world, lookUp()).signsBeforeCancel) {
    await signImmediately(world, lookUp().id);
  }
  const mark = word === 'READY' ? markAsReady : markAsCancelled;
  const transition = mark(lookUp(), world.clock.now());
  if ('refusal' in transition) throw badRequest(transition.refusal);
  const { next } = transition;
  if (world.faults.occurs('queue-outage')) {
    storeCitizenCopy(world, next.id);
    world.store.requests.set(next.id, next);
    throw internalError('RestError');
  }
  if (word === 'CANCELLED' && world.faults.occurs('cancel-loses-race')) signAutomatically(world, next.id);
  if (word === 'CANCELLED') sendCancellation(world, next.id);
  else if (!world.faults.occurs('never-waits-for-signature')) sendToCitizen(world, next);
  world.store.requests.set(next.id, next);
  return noContent();
};
