import DataLoader from 'dataloader';
import type { CallOptions, UpstreamClient } from './client.ts';
import type { Dossier, SignatureRequest, Signer } from './decode.ts';
import { getDossier } from './operations/get-dossier.ts';
import { getSignatureRequest } from './operations/get-signature-request.ts';
import { getSignerByFiscalCode } from './operations/get-signer-by-fiscal-code.ts';

/*
 * DataLoaders of one GraphQL operation: each object is read once. The service has no batch reads.
 */

export function dossierById(client: UpstreamClient, options: CallOptions): DataLoader<string, Dossier> {
  const load = (id: string): Promise<Dossier> => getDossier(client, id, options);
  return new DataLoader(loadEach(load), { name: 'dossierById' });
}

/** Reads a signature request, and may record the result. */
type Recording = (id: string, read: () => Promise<SignatureRequest>) => Promise<SignatureRequest>;

/** Clear an id after a call that changes the request. */
export function signatureRequestById(
  client: UpstreamClient,
  options: CallOptions,
  recording: Recording = (_, read) => read(),
): DataLoader<string, SignatureRequest> {
  const load = (id: string): Promise<SignatureRequest> =>
    recording(id, () => getSignatureRequest(client, id, options));
  return new DataLoader(loadEach(load), { name: 'signatureRequestById' });
}

/** The same fiscal code always returns the same signer. */
export function signerByFiscalCode(client: UpstreamClient, options: CallOptions): DataLoader<string, Signer> {
  const load = (code: string): Promise<Signer> => getSignerByFiscalCode(client, code, options);
  return new DataLoader(loadEach(load), { name: 'signerByFiscalCode' });
}

/** Reads in flight at once for one loader, so that one operation cannot take the whole connection pool. */
const MAX_IN_FLIGHT = 10;

/**
 * A batch function that loads every key by its own call. The limit of calls in flight covers all batches of a loader; the
 * other calls wait in their order.
 * @returns the values of a batch in the order of its keys, with an `Error` for a key that failed, as DataLoader requires.
 */
export function loadEach<Key, Value>(
  load: (key: Key) => Promise<Value>,
): (keys: readonly Key[]) => Promise<(Value | Error)[]> {
  const waiting: (() => void)[] = [];
  let inFlight = 0;

  const loadOne = async (key: Key): Promise<Value | Error> => {
    if (inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => waiting.push(resolve));
    else inFlight += 1;
    try {
      return await load(key);
    } catch (error) {
      return error instanceof Error ? error : new Error('load failed', { cause: error });
    } finally {
      // The next call takes over the slot.
      const next = waiting.shift();
      if (next === undefined) inFlight -= 1;
      else next();
    }
  };
  return (keys) => Promise.all(keys.map(loadOne));
}
