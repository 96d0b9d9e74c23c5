import type { GatewayContext } from '../context.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import { WrongStatusError } from './domain-errors.ts';
import { readRequest } from '../shared/read-request.ts';
import { translateUpstreamError } from './translate-upstream-error.ts';

/**
 * The error for a call that the service refused. A 400 or 422 may mean a wrong status, which the service states in prose
 * only, so this reads the current status of the signature request.
 */
export async function statusRefusal(
  context: GatewayContext,
  id: string,
  allowed: readonly string[],
  failure: unknown,
): Promise<unknown> {
  const translation = translateUpstreamError(failure);
  const isRefusal =
    failure instanceof UpstreamError && (failure.kind === 'bad-request' || failure.kind === 'unprocessable');
  if (!isRefusal) return translation;
  const { status } = await readRequest(context, id);
  return allowed.includes(status) ? translation : new WrongStatusError(status, allowed);
}
