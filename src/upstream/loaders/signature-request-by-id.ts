import DataLoader from 'dataloader';
import type { CallOptions, UpstreamClient } from '../client.ts';
import type { SignatureRequest } from '../decode.ts';
import { getSignatureRequest } from '../operations/get-signature-request.ts';
import { loadEach } from './load-each.ts';

/**
 * Signature requests of one GraphQL operation, each read once. The service has no batch read.
 * Clear an id after a call that changes it.
 */
export function signatureRequestById(
  client: UpstreamClient,
  options: CallOptions,
): DataLoader<string, SignatureRequest> {
  const load = (id: string): Promise<SignatureRequest> => getSignatureRequest(client, id, options);
  return new DataLoader((ids) => loadEach(ids, load), { name: 'signatureRequestById' });
}
