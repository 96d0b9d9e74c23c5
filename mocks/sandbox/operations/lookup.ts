import { notFound } from '../problems.ts';
import type { Dossier, SignatureRequest } from '../store.ts';
import type { World } from '../world.ts';

/** @throws Refusal 404 */
export function dossierOrRefuse(world: World, id: string | undefined): Dossier {
  const dossier = world.store.dossiers.get(id ?? '');
  if (dossier === undefined) throw notFound('The specified dossier was not found');
  return dossier;
}

/**
 * @param detail differs between operations of the service
 * @throws Refusal 404
 */
export function requestOrRefuse(world: World, id: string | undefined, detail: string): SignatureRequest {
  const request = world.store.requests.get(id ?? '');
  if (request === undefined) throw notFound(detail);
  return request;
}
