import type { GatewayContext } from '../context.ts';

/** Discards earlier reads of a request after a call that may have changed it, whether or not it was answered. */
export function invalidate({ loaders, watcher }: GatewayContext, id: string): void {
  loaders.signatureRequestById.clear(id);
  watcher.invalidate(id);
}
