import DataLoader from 'dataloader';
import type { CallOptions, UpstreamClient } from '../client.ts';
import type { Signer } from '../decode.ts';
import { getSignerByFiscalCode } from '../operations/get-signer-by-fiscal-code.ts';
import { loadEach } from './load-each.ts';

/** Signers of one GraphQL operation, each asked for once. The same code always gives the same signer. */
export function signerByFiscalCode(client: UpstreamClient, options: CallOptions): DataLoader<string, Signer> {
  const load = (code: string): Promise<Signer> => getSignerByFiscalCode(client, code, options);
  return new DataLoader(loadEach(load), { name: 'signerByFiscalCode' });
}
