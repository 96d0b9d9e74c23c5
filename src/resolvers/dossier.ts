import type { GatewayContext } from './context.ts';
import type { Dossier } from '../upstream/decode.ts';
import { orNull } from './signature-request.ts';
import { translated } from './errors/translate-upstream-error.ts';

/** The dossier, or `null` if it does not exist. */
export function dossier({ loaders }: GatewayContext, id: string): Promise<Dossier | null> {
  return orNull(translated(loaders.dossierById.load(id)));
}
