import type { CallOptions, UpstreamClient } from '../call.ts';
import { decodeDossier } from '../decode.ts';
import type { Dossier } from '../decode.ts';
import { path } from '../call.ts';

/**
 * `getDossier`.
 * @throws {UpstreamError} `not-found` when no dossier of this issuer has the id.
 */
export async function getDossier(
  client: UpstreamClient,
  id: string,
  options?: CallOptions,
): Promise<Dossier> {
  const operation = 'getDossier';
  const call = {
    operation,
    method: 'GET',
    effect: 'read',
    mayCoalesce: true,
    path: path(operation)`/dossiers/${id}`,
    expect: [200],
  } as const;
  return client.call({ ...call, decode: decodeDossier }, options);
}
