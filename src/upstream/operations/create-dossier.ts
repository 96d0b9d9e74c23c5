import type { ApiBody, CallOptions, UpstreamClient } from '../call.ts';
import { decodeDossier } from '../decode.ts';
import type { Dossier } from '../decode.ts';

/**
 * `createDossier`. Every call creates a new dossier; the service has no idempotency keys.
 * The service refuses an invalid body with 422, although the published document says 400.
 * @throws {UpstreamError}
 */
export function createDossier(
  client: UpstreamClient,
  body: ApiBody<'createDossier'>,
  options?: CallOptions,
): Promise<Dossier> {
  const call = {
    operation: 'createDossier',
    method: 'POST',
    effect: 'write',
    path: '/dossiers',
    body,
    expect: [201],
  } as const;
  return client.call({ ...call, decode: decodeDossier }, options);
}
