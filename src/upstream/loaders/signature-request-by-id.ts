import DataLoader from 'dataloader';
import type { CallOptions, UpstreamClient } from '../client.ts';
import type { SignatureRequest } from '../decode.ts';
import { getSignatureRequest } from '../operations/get-signature-request.ts';
import { loadEach } from './load-each.ts';

/** Makes a read of a request, and may keep an eye on what it finds. */
type Observe = (id: string, read: () => Promise<SignatureRequest>) => Promise<SignatureRequest>;

/**
 * Signature requests of one GraphQL operation, each read once. The service has no batch read.
 * Clear an id after a call that changes it.
 */
export function signatureRequestById(
  client: UpstreamClient,
  options: CallOptions,
  observe: Observe = (_, read) => read(),
): DataLoader<string, SignatureRequest> {
  const load = (id: string): Promise<SignatureRequest> =>
    observe(id, () => getSignatureRequest(client, id, options));
  return new DataLoader(loadEach(load), { name: 'signatureRequestById' });
}
