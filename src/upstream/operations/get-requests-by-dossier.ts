import type { CallOptions, UpstreamClient } from '../call.ts';
import { decodeSignatureRequestPage } from '../decode.ts';
import type { SignatureRequestPage, SignatureRequestSummary } from '../decode.ts';
import { UpstreamError } from '../failure.ts';
import { path } from '../call.ts';

export interface RequestsByDossierParams {
  readonly dossierId: string;
  /** 25 to 100; the service refuses other values. */
  readonly limit: number;
  /** The opaque token of the previous page. */
  readonly continuationToken?: string | undefined;
}

/**
 * `getRequestsByDossier`: one page, in practice in order of creation. An invalid token is a 500, not a 400.
 * @throws {UpstreamError} `not-found` when no dossier of this issuer has the id.
 */
export async function getRequestsByDossier(
  client: UpstreamClient,
  { dossierId, limit, continuationToken }: RequestsByDossierParams,
  options?: CallOptions,
): Promise<SignatureRequestPage> {
  const operation = 'getRequestsByDossier';
  const call = {
    operation,
    method: 'GET',
    effect: 'read',
    mayCoalesce: true,
    answersInvalidInputWith500: true,
    path: path(operation)`/dossiers/${dossierId}/signature-requests`,
    query: { limit, continuationToken },
    expect: [200],
  } as const;
  return client.call({ ...call, decode: decodeSignatureRequestPage }, options);
}

/**
 * All items of a page.
 * @throws {UpstreamError} of kind `contract` when one of them is invalid.
 */
export function allItemsOf({ items }: SignatureRequestPage): SignatureRequestSummary[] {
  return items.map((item) => {
    if (item instanceof UpstreamError) throw item;
    return item;
  });
}
