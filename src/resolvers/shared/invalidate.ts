import type { GatewayContext } from '../context.ts';

/** After a call that may have changed a request, whether or not it was answered: what was read before is old. */
export function invalidate({ loaders, watcher }: GatewayContext, id: string): void {
  loaders.signatureRequestById.clear(id);
  watcher.invalidate(id);
}
