import { MultipartBody } from './client.ts';
import type { ApiCall } from './client.ts';

/**
 * What a call does when it is made once more.
 *
 * - `read`: nothing. Every GET, and `getSignerByFiscalCode`, a POST that gives the same signer for the same code. The GET
 *   of an upload address makes a new one; the one that got lost expires unused.
 * - `write`: perhaps a second thing, since the service has no idempotency: a second dossier, a second message to a
 *   citizen. PUTs are writes too. What became of one whose answer is lost, `src/resolvers/shared/read-back.ts` finds out.
 * - `stream`: it cannot be made, as the bytes of its body are gone.
 * - `block`: a call of the storage. It writes the same bytes to the same place:
 *   - Put Block: ids are unique to one run of `storeFile`, and a block replaces the one with its id.
 *   - Put Blob: the service validates the blob again, with the same outcome; once the request has left DRAFT it drops it.
 *   - Put Block List: as Put Blob while the blob is there. The service deletes it once it is validated; a repeat is then
 *     refused with InvalidBlockList, and the *first* failure is reported: outcome unknown, not failed.
 */
export type CallSort = 'read' | 'write' | 'stream' | 'block';

/** Of a call of the service. */
export function sortOf({ operation, method, body }: ApiCall<unknown>): CallSort {
  if (body instanceof MultipartBody) return 'stream';
  return method === 'GET' || operation === 'getSignerByFiscalCode' ? 'read' : 'write';
}
