import { notFound } from '../http/problems.ts';
import type { Dossier, SignatureRequest } from '../model/store.ts';
import type { World } from '../model/world.ts';
import type { Call } from './operation.ts';

/**
 * Finds a record of the issuer. Records of other issuers count as missing.
 * @throws Refusal 404
 */
export function dossierOrRefuse({ issuer }: Call, world: World, id: string | undefined): Dossier {
  const dossier = world.store.dossiers.get(id ?? '');
  if (dossier?.issuerId !== issuer.id) throw notFound('The specified dossier was not found');
  return dossier;
}

/**
 * Finds the request in the path.
 * @param detail the error text, which differs between operations
 * @throws Refusal 404
 */
export function requestOrRefuse({ issuer, pathIds }: Call, world: World, detail: string): SignatureRequest {
  const request = world.store.requests.get(pathIds[0] ?? '');
  if (request?.issuerId !== issuer.id) throw notFound(detail);
  return request;
}
