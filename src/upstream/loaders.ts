import DataLoader from 'dataloader';
import type { CallOptions, UpstreamClient } from './call.ts';
import type { Dossier, SignatureRequest, Signer } from './decode.ts';
import { getDossier } from './operations/get-dossier.ts';
import { getSignatureRequest } from './operations/get-signature-request.ts';
import { getSignerByFiscalCode } from './operations/get-signer-by-fiscal-code.ts';

/** Reads a signature request, and may record the result. */
type Recording = (id: string, read: () => Promise<SignatureRequest>) => Promise<SignatureRequest>;

/**
 * The DataLoaders of one GraphQL operation, each made when it is first used: each object is read once. The service has no
 * batch reads.
 */
export class Loaders {
  readonly #client: UpstreamClient;
  readonly #options: CallOptions;
  readonly #recording: Recording;
  #dossierById: DataLoader<string, Dossier> | undefined;
  #signatureRequestById: DataLoader<string, SignatureRequest> | undefined;
  #signerByFiscalCode: DataLoader<string, Signer> | undefined;

  constructor(client: UpstreamClient, options: CallOptions, recording: Recording = (_, read) => read()) {
    this.#client = client;
    this.#options = options;
    this.#recording = recording;
  }

  get dossierById(): DataLoader<string, Dossier> {
    return (this.#dossierById ??= new DataLoader(
      loadEach((id) => getDossier(this.#client, id, this.#options)),
      { name: 'dossierById', ...SCHEDULE },
    ));
  }

  /** Clear an id after a call that changes the request. */
  get signatureRequestById(): DataLoader<string, SignatureRequest> {
    return (this.#signatureRequestById ??= new DataLoader(
      loadEach((id) => this.#recording(id, () => getSignatureRequest(this.#client, id, this.#options))),
      { name: 'signatureRequestById', ...SCHEDULE },
    ));
  }

  /** The same fiscal code always returns the same signer. */
  get signerByFiscalCode(): DataLoader<string, Signer> {
    return (this.#signerByFiscalCode ??= new DataLoader(
      loadEach((code) => getSignerByFiscalCode(this.#client, code, this.#options)),
      { name: 'signerByFiscalCode', ...SCHEDULE },
    ));
  }
}

/** Each key is a call of its own, so there is nothing to gain from a wait for more keys. */
const SCHEDULE = { batchScheduleFn: queueMicrotask };

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
