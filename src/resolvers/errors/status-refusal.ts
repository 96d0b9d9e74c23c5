import type { GatewayContext } from '../context.ts';
import { UpstreamError } from '../../upstream/failure/upstream-error.ts';
import { WrongStatusError } from './domain-errors.ts';
import { readRequest } from '../shared/read-request.ts';
import { translateUpstreamError } from './translate-upstream-error.ts';

/**
 * What to tell about a call that the service refuses in the wrong status (400 or 422). The service says so in prose;
 * the request itself is asked instead, since somebody else may just have moved it.
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
