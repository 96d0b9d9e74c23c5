import DataLoader from 'dataloader';
import type { CallOptions, UpstreamClient } from '../client.ts';
import type { Dossier } from '../decode.ts';
import { getDossier } from '../operations/get-dossier.ts';
import { loadEach } from './load-each.ts';

/** Dossiers of one GraphQL operation, each read once. The service has no batch read. */
export function dossierById(client: UpstreamClient, options: CallOptions): DataLoader<string, Dossier> {
  return new DataLoader(
    loadEach((id: string) => getDossier(client, id, options)),
    {
      name: 'dossierById',
    },
  );
}
